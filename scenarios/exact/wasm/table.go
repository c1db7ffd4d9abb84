package wasm

// table is the table of functions, as the Go linker writes it: one range of
// functions, at an address that follows from the return addresses. Its second
// half is for direct bodies.
type table struct {
	size      int
	offset    int
	functions []int
	odd       bool // has another form than that
	shift     int  // from an entry to that of the direct body; 0: there is none
}

const functionReference = 0x70

func (t *table) readSize(in *Reader) {
	t.odd = in.Number() != 1 || in.Byte() != functionReference || in.Byte() != 0 // no limit
	if !t.odd {
		t.size = in.Number()
	}
}

func (t *table) readElements(in *Reader) {
	if t.odd || in.Number() != 1 || in.Byte() != 0 || in.Byte() != opI32Const {
		return
	}
	t.offset = int(in.Signed())
	if in.Byte() != opEnd {
		return
	}
	for range in.Number() {
		t.functions = append(t.functions, in.Number())
	}
	t.shift = t.size
}

// extend makes the second half, in which functions of another type are the same.
func (t *table) section(s section) []byte {
	if t.shift == 0 {
		return s.body
	}
	if s.id == tableSection {
		return appendNumber([]byte{1, functionReference, 0}, t.size+t.shift)
	}
	out := append([]byte{2}, s.body[1:]...)
	out = append(appendSigned(append(out, 0, opI32Const), int64(t.offset+t.shift)), opEnd)
	out = appendNumber(out, len(t.functions))
	for _, f := range t.functions {
		out = appendNumber(out, f)
	}
	return out
}

func (t *table) extend(direct func(function int) int) {
	for i, f := range t.functions {
		if d := direct(f); d != 0 {
			t.functions[i] = d
		}
	}
}
