package wasm

import "encoding/binary"

// Reader decodes a module. It panics at its end, with an index out of range.
type Reader struct{ Rest []byte }

// Byte is one byte.
func (r *Reader) Byte() byte {
	b := r.Rest[0]
	r.Rest = r.Rest[1:]
	return b
}

// Bytes are the next n.
func (r *Reader) Bytes(n int) []byte {
	b := r.Rest[:n]
	r.Rest = r.Rest[n:]
	return b
}

// Text is a name with its length before it.
func (r *Reader) Text() string { return string(r.Bytes(r.Number())) }

// Number is an unsigned LEB128, which is what encoding/binary calls a uvarint.
func (r *Reader) Number() int {
	v, n := binary.Uvarint(r.Rest)
	r.Rest = r.Rest[n:]
	return int(v)
}

// Signed is a signed LEB128.
func (r *Reader) Signed() int64 {
	v, shift := int64(0), 0
	for {
		b := r.Byte()
		v |= int64(b&0x7f) << shift
		shift += 7
		if b < 0x80 {
			if b&0x40 != 0 && shift < 64 {
				v |= -1 << shift
			}
			return v
		}
	}
}

func appendNumber(out []byte, n int) []byte { return binary.AppendUvarint(out, uint64(n)) }

func appendSigned(out []byte, v int64) []byte {
	for {
		b := byte(v & 0x7f)
		v >>= 7
		if v == 0 && b&0x40 == 0 || v == -1 && b&0x40 != 0 {
			return append(out, b)
		}
		out = append(out, b|0x80)
	}
}
