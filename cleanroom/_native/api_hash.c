/* Digests of many messages from Python, where the CPU has the instructions. */
#include "api.h"
#include "sha256.h"

#if defined(CLEANROOM_X86)
#include <cpuid.h>

/* Leaf 7 of CPUID, EBX bit 29; the compiler's own test does not know this one. The rest needs SSE4.1 at most. */
static int has_sha256(void) {
    static int known = -1; /* the question takes longer than a digest on a virtual machine */
    unsigned a, b, c, d;
    if (known < 0) known = __builtin_cpu_supports("sse4.1") && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b >> 29 & 1);
    return known;
}
#else
static int has_sha256(void) { return 0; }
static void sha256_each(uint8_t *out, const digest_input *in, size_t count) { (void)out, (void)in, (void)count; }
#endif

PyObject *py_has_sha256(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(none)) { return PyBool_FromLong(has_sha256()); }

static PyObject *run(const Py_buffer *prefix, const Py_buffer *heads, const Py_buffer *data, const Py_buffer *offsets) {
    const Py_ssize_t count = count_texts(offsets);
    uint8_t *out;
    if (count < 0) return NULL;
    const Py_ssize_t head_size = count ? heads->len / count : 0;
    if (!require_size(heads, head_size * count, "heads")) return NULL;
    int64_t *offset = copy_offsets(offsets, count, data->len);
    if (!offset) return NULL;
    PyObject *result = new_items(count, DIGEST_BYTES, &out);
    if (result) {
        const digest_input in = {prefix->buf, heads->buf, data->buf, offset, (size_t)prefix->len, (size_t)head_size};
        Py_BEGIN_ALLOW_THREADS
        sha256_each(out, &in, (size_t)count);
        Py_END_ALLOW_THREADS
    }
    PyMem_Free(offset);
    return result;
}

PyObject *py_sha256(PyObject *Py_UNUSED(self), PyObject *args) {
    Py_buffer prefix, heads, data, offsets;
    if (!has_sha256()) {
        PyErr_SetString(PyExc_ValueError, "sha256: not on this CPU");
        return NULL;
    }
    if (!PyArg_ParseTuple(args, "y*y*y*y*:sha256", &prefix, &heads, &data, &offsets)) return NULL;
    PyObject *result = run(&prefix, &heads, &data, &offsets);
    PyBuffer_Release(&prefix);
    PyBuffer_Release(&heads);
    PyBuffer_Release(&data);
    PyBuffer_Release(&offsets);
    return result;
}
