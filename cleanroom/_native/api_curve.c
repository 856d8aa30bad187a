/* Points from Python: sizes are checked, then the interpreter lock is released and a kernel called. */
#include "api.h"

enum { MOST_DST_BYTES = 255 };

static PyObject *run_power(const kernel *k, const Py_buffer *scalar, Py_ssize_t scalar_step, const Py_buffer *point,
                           Py_ssize_t point_step, Py_ssize_t count) {
    uint8_t *out;
    PyObject *result = new_items(count, POINT_SIZE, &out);
    if (!result) return NULL;
    Py_BEGIN_ALLOW_THREADS
    k->power(out, scalar->buf, (size_t)scalar_step, point->buf, (size_t)point_step, (size_t)count);
    Py_END_ALLOW_THREADS
    return result;
}

PyObject *py_power(PyObject *Py_UNUSED(self), PyObject *args) {
    const kernel *k;
    Py_buffer scalar, points;
    PyObject *result = NULL;
    if (!PyArg_ParseTuple(args, "O&y*y*:power", to_kernel, &k, &scalar, &points)) return NULL;
    const Py_ssize_t count = count_items(&points, POINT_SIZE, "points");
    if (count >= 0 && require_size(&scalar, POINT_SIZE, "scalar")) {
        result = run_power(k, &scalar, 0, &points, POINT_SIZE, count);
    }
    PyBuffer_Release(&scalar);
    PyBuffer_Release(&points);
    return result;
}

PyObject *py_power_each(PyObject *Py_UNUSED(self), PyObject *args) {
    const kernel *k;
    Py_buffer scalars, point;
    PyObject *result = NULL;
    if (!PyArg_ParseTuple(args, "O&y*y*:power_each", to_kernel, &k, &scalars, &point)) return NULL;
    const Py_ssize_t count = count_items(&scalars, POINT_SIZE, "scalars");
    if (count >= 0 && require_size(&point, POINT_SIZE, "point")) {
        result = run_power(k, &scalars, POINT_SIZE, &point, 0, count);
    }
    PyBuffer_Release(&scalars);
    PyBuffer_Release(&point);
    return result;
}

static PyObject *run_hash(const kernel *k, const Py_buffer *dst, const Py_buffer *prefix, const Py_buffer *data,
                          const Py_buffer *offsets) {
    const Py_ssize_t count = count_texts(offsets);
    uint8_t *out;
    if (count < 0) return NULL;
    if (dst->len < 1 || dst->len > MOST_DST_BYTES) {
        PyErr_SetString(PyExc_ValueError, "dst: 1 to 255 bytes (RFC 9380, section 5.3.3)");
        return NULL;
    }
    int64_t *offset = copy_offsets(offsets, count, data->len);
    if (!offset) return NULL;
    PyObject *result = new_items(count, POINT_SIZE, &out);
    if (result) {
        const hash_input in = {dst->buf, prefix->buf, data->buf, offset, (size_t)dst->len, (size_t)prefix->len};
        Py_BEGIN_ALLOW_THREADS
        k->hash_to_curve(out, &in, (size_t)count);
        Py_END_ALLOW_THREADS
    }
    PyMem_Free(offset);
    return result;
}

PyObject *py_hash_to_curve(PyObject *Py_UNUSED(self), PyObject *args) {
    const kernel *k;
    Py_buffer dst, prefix, data, offsets;
    if (!PyArg_ParseTuple(args, "O&y*y*y*y*:hash_to_curve", to_kernel, &k, &dst, &prefix, &data, &offsets)) return NULL;
    PyObject *result = run_hash(k, &dst, &prefix, &data, &offsets);
    PyBuffer_Release(&dst);
    PyBuffer_Release(&prefix);
    PyBuffer_Release(&data);
    PyBuffer_Release(&offsets);
    return result;
}

PyObject *py_check_points(PyObject *Py_UNUSED(self), PyObject *args) {
    const kernel *k;
    Py_buffer points;
    Py_ssize_t bad = -1;
    if (!PyArg_ParseTuple(args, "O&y*:check_points", to_kernel, &k, &points)) return NULL;
    const Py_ssize_t count = count_items(&points, POINT_SIZE, "points");
    if (count >= 0) {
        Py_BEGIN_ALLOW_THREADS
        bad = k->check_points(points.buf, (size_t)count);
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&points);
    return count < 0 ? NULL : PyLong_FromSsize_t(bad);
}
