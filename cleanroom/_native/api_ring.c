/* Ring elements from Python, changed in place without the interpreter lock. */
#include "api.h"

/* A writable buffer of whole ring elements, aligned for 64-bit words; -1 with an exception if it is not. */
static Py_ssize_t count_elements(const Py_buffer *polys, const char *what) {
    if ((uintptr_t)polys->buf % sizeof(uint64_t) == 0) return count_items(polys, RING_WORDS * sizeof(uint64_t), what);
    PyErr_Format(PyExc_ValueError, "%s: not aligned", what);
    return -1;
}

static int to_table(PyObject *bytes, void *result) {
    char *contents;
    Py_ssize_t size;
    if (PyBytes_AsStringAndSize(bytes, &contents, &size) < 0) return 0;
    if (size != sizeof(ring_table)) {
        PyErr_SetString(PyExc_ValueError, "table: wrong size");
        return 0;
    }
    const ring_table *table = (const ring_table *)(const void *)contents;
    for (int i = 0; i < RING_PRIMES; i++) {
        if (table->prime[i] >> 26 == 1) continue; /* the bounds in ring.h are for primes of 27 bits */
        PyErr_SetString(PyExc_ValueError, "table: a prime has not 27 bits");
        return 0;
    }
    *(const ring_table **)result = table;
    return 1;
}

static PyObject *none_unless_error(void) {
    if (PyErr_Occurred()) return NULL;
    return Py_NewRef(Py_None);
}

PyObject *py_ring_transform(PyObject *Py_UNUSED(self), PyObject *args) {
    const kernel *k;
    const ring_table *table;
    Py_buffer polys;
    int inverse;
    if (!PyArg_ParseTuple(args, "O&O&w*p:ring_transform", to_kernel, &k, to_table, &table, &polys, &inverse)) return NULL;
    const Py_ssize_t count = count_elements(&polys, "polys");
    if (count > 0) {
        Py_BEGIN_ALLOW_THREADS
        k->ring_transform(polys.buf, (size_t)count, table, inverse);
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&polys);
    return none_unless_error();
}

PyObject *py_ring_reduce(PyObject *Py_UNUSED(self), PyObject *args) {
    const kernel *k;
    const ring_table *table;
    Py_buffer polys;
    if (!PyArg_ParseTuple(args, "O&O&w*:ring_reduce", to_kernel, &k, to_table, &table, &polys)) return NULL;
    const Py_ssize_t count = count_elements(&polys, "polys");
    if (count > 0) {
        Py_BEGIN_ALLOW_THREADS
        k->ring_reduce(polys.buf, (size_t)count, table);
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&polys);
    return none_unless_error();
}

PyObject *py_ring_multiply_add(PyObject *Py_UNUSED(self), PyObject *args) {
    const kernel *k;
    Py_buffer total, left, right;
    if (!PyArg_ParseTuple(args, "O&w*y*y*:ring_multiply_add", to_kernel, &k, &total, &left, &right)) return NULL;
    const Py_ssize_t count = count_elements(&total, "total");
    if (count > 0 && count_elements(&left, "left") == 1 && count_elements(&right, "right") == count) {
        Py_BEGIN_ALLOW_THREADS
        k->ring_multiply_add(total.buf, left.buf, right.buf, (size_t)count);
        Py_END_ALLOW_THREADS
    } else if (count > 0 && !PyErr_Occurred()) {
        PyErr_SetString(PyExc_ValueError, "left: one element; right: as many as total");
    }
    PyBuffer_Release(&total);
    PyBuffer_Release(&left);
    PyBuffer_Release(&right);
    return none_unless_error();
}
