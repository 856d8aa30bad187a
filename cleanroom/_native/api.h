/* What the files of the Python module share. They use the stable ABI of Python 3.11. */
#ifndef CLEANROOM_API_H
#define CLEANROOM_API_H

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030b0000
#include <Python.h>

#include <string.h>

#include "kernel.h"

enum { POINT_SIZE = 32 };

/* "O&" converter for PyArg_ParseTuple: number, an index into `kernels()` -> const kernel *. */
int to_kernel(PyObject *number, void *result);

/* The number of whole items in a buffer, or -1 with an exception. */
Py_ssize_t count_items(const Py_buffer *view, Py_ssize_t size, const char *what);

/* Whether the buffer has this size; if not, with an exception. */
int require_size(const Py_buffer *view, Py_ssize_t size, const char *what);

/* A new bytes object of count·size bytes and its writable contents. */
PyObject *new_items(Py_ssize_t count, Py_ssize_t size, uint8_t **contents);

/* The number of texts between these offsets (int64), or -1 with an exception. */
Py_ssize_t count_texts(const Py_buffer *offsets);

/* A private copy of the offsets, checked: nothing else can change them while the lock is released. Or NULL with an
 * exception. */
int64_t *copy_offsets(const Py_buffer *offsets, Py_ssize_t count, Py_ssize_t data_size);

/* The functions of the module; `methods` in module.c describes them. */
PyObject *py_power(PyObject *self, PyObject *args);
PyObject *py_power_each(PyObject *self, PyObject *args);
PyObject *py_hash_to_curve(PyObject *self, PyObject *args);
PyObject *py_check_points(PyObject *self, PyObject *args);
PyObject *py_test_field(PyObject *self, PyObject *args);
PyObject *py_test_map(PyObject *self, PyObject *args);
PyObject *py_ring_transform(PyObject *self, PyObject *args);
PyObject *py_ring_multiply_add(PyObject *self, PyObject *args);
PyObject *py_ring_reduce(PyObject *self, PyObject *args);
PyObject *py_has_sha256(PyObject *self, PyObject *none);
PyObject *py_sha256(PyObject *self, PyObject *args);

#endif
