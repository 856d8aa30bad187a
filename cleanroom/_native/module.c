/* The Python module: which kernels this CPU can run, checks that all functions share, and the table of functions. */
#include "api.h"

enum { MOST_KERNELS = 3 };

static const kernel *usable[MOST_KERNELS];
static int usable_count = 0;

/* Slowest first; a kernel whose instructions this CPU (or its operating system) lacks is left out. */
static void find_usable(void) {
    usable_count = 0;
    usable[usable_count++] = &kernel_portable;
#if defined(CLEANROOM_X86)
    __builtin_cpu_init();
    const int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    const int ifma = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                     __builtin_cpu_supports("avx512ifma");
    if (avx2) usable[usable_count++] = &kernel_avx2;
    if (avx2 && ifma) usable[usable_count++] = &kernel_ifma;
#endif
}

int to_kernel(PyObject *number, void *result) {
    const long index = PyLong_AsLong(number);
    if (index == -1 && PyErr_Occurred()) return 0;
    if (index < 0 || index >= usable_count) {
        PyErr_SetString(PyExc_ValueError, "no such kernel on this CPU");
        return 0;
    }
    *(const kernel **)result = usable[index];
    return 1;
}

Py_ssize_t count_items(const Py_buffer *view, Py_ssize_t size, const char *what) {
    if (view->len % size == 0) return view->len / size;
    PyErr_Format(PyExc_ValueError, "%s: %zd bytes are not a multiple of %zd", what, view->len, size);
    return -1;
}

int require_size(const Py_buffer *view, Py_ssize_t size, const char *what) {
    if (view->len == size) return 1;
    PyErr_Format(PyExc_ValueError, "%s: %zd bytes instead of %zd", what, view->len, size);
    return 0;
}

PyObject *new_items(Py_ssize_t count, Py_ssize_t size, uint8_t **contents) {
    PyObject *result = PyBytes_FromStringAndSize(NULL, count * size);
    if (result) *contents = (uint8_t *)PyBytes_AsString(result);
    return result;
}

Py_ssize_t count_texts(const Py_buffer *offsets) {
    const Py_ssize_t count = count_items(offsets, sizeof(int64_t), "offsets");
    if (count == 0) PyErr_SetString(PyExc_ValueError, "offsets: one more than values are needed");
    return count > 0 ? count - 1 : -1;
}

int64_t *copy_offsets(const Py_buffer *view, Py_ssize_t count, Py_ssize_t data_size) {
    int64_t *offset = PyMem_Malloc((size_t)view->len);
    if (!offset) {
        PyErr_NoMemory();
        return NULL;
    }
    memcpy(offset, view->buf, (size_t)view->len);
    int good = offset[0] >= 0 && offset[count] <= data_size;
    for (Py_ssize_t i = 0; i < count; i++) good &= offset[i] <= offset[i + 1];
    if (good) return offset;
    PyMem_Free(offset);
    PyErr_SetString(PyExc_ValueError, "offsets: not ascending inside the data");
    return NULL;
}

static PyObject *py_kernels(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(none)) {
    PyObject *names = PyTuple_New(usable_count);
    for (int i = 0; names && i < usable_count; i++) {
        PyObject *name = PyUnicode_FromString(usable[i]->name);
        if (!name || PyTuple_SetItem(names, i, name) < 0) Py_CLEAR(names);
    }
    return names;
}

static PyMethodDef methods[] = {
    {"kernels", py_kernels, METH_NOARGS, "kernels() -> names of the kernels this CPU can run, slowest first."},
    {"power", py_power, METH_VARARGS, "power(kernel, scalar, points) -> X25519(scalar, point) of each point."},
    {"power_each", py_power_each, METH_VARARGS,
     "power_each(kernel, scalars, point) -> X25519(scalar, point) of each scalar."},
    {"hash_to_curve", py_hash_to_curve, METH_VARARGS,
     "hash_to_curve(kernel, dst, prefix, data, offsets) -> hash of prefix || data[offset i : offset i + 1] for each i."},
    {"check_points", py_check_points, METH_VARARGS,
     "check_points(kernel, points) -> index of the first encoding that is not a point of the curve, or -1."},
    {"has_sha256", py_has_sha256, METH_NOARGS, "has_sha256() -> whether this CPU has instructions for `sha256`."},
    {"sha256", py_sha256, METH_VARARGS,
     "sha256(prefix, heads, data, offsets) -> hash of prefix || head i || data[offset i : offset i + 1] for each i."},
    {"ring_transform", py_ring_transform, METH_VARARGS,
     "ring_transform(kernel, table, polys, inverse): number-theoretic transform of reduced elements, in place."},
    {"ring_multiply_add", py_ring_multiply_add, METH_VARARGS,
     "ring_multiply_add(kernel, total, left, right): total += left * right, slot by slot, not reduced, in place."},
    {"ring_reduce", py_ring_reduce, METH_VARARGS, "ring_reduce(kernel, table, polys): below the primes, in place."},
    {"_test_field", py_test_field, METH_VARARGS,
     "_test_field(kernel, operation, a, b) -> limbs. For tests only: unreduced field arithmetic on int64 limbs."},
    {"_test_map", py_test_map, METH_VARARGS,
     "_test_map(kernel, u_0, u_1) -> points. For tests only: hash to curve from the two field elements on."},
    {NULL, NULL, 0, NULL},
};

static int execute(PyObject *Py_UNUSED(module)) {
    find_usable();
    return 0;
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, execute}, {0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "cleanroom._native._kernel", "Batched Curve25519, lattice arithmetic and SHA-256.", 0, methods, slots,
    NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__kernel(void) { return PyModuleDef_Init(&definition); }
