/* Entry points for the tests only: parts of a kernel that are not reached with every input from outside. */
#include "api.h"

enum { TEST_LIMBS_SIZE = 5 * sizeof(int64_t) };

PyObject *py_test_field(PyObject *Py_UNUSED(self), PyObject *args) {
    const kernel *k;
    int operation;
    Py_buffer a, b;
    PyObject *result = NULL;
    uint8_t *out;
    if (!PyArg_ParseTuple(args, "O&iy*y*:_test_field", to_kernel, &k, &operation, &a, &b)) return NULL;
    const Py_ssize_t count = count_items(&a, TEST_LIMBS_SIZE, "a");
    if (operation < 0 || operation >= TEST_OPERATIONS) PyErr_SetString(PyExc_ValueError, "no such operation");
    else if (count >= 0 && require_size(&b, a.len, "b")) result = new_items(count, TEST_LIMBS_SIZE, &out);
    if (result) k->field_test((int64_t *)out, (enum field_operation)operation, a.buf, b.buf, (size_t)count);
    PyBuffer_Release(&a);
    PyBuffer_Release(&b);
    return result;
}

PyObject *py_test_map(PyObject *Py_UNUSED(self), PyObject *args) {
    const kernel *k;
    Py_buffer u_0, u_1;
    PyObject *result = NULL;
    uint8_t *out;
    if (!PyArg_ParseTuple(args, "O&y*y*:_test_map", to_kernel, &k, &u_0, &u_1)) return NULL;
    const Py_ssize_t count = count_items(&u_0, POINT_SIZE, "u_0");
    if (count >= 0 && require_size(&u_1, u_0.len, "u_1")) result = new_items(count, POINT_SIZE, &out);
    if (result) k->map_test(out, u_0.buf, u_1.buf, (size_t)count);
    PyBuffer_Release(&u_0);
    PyBuffer_Release(&u_1);
    return result;
}
