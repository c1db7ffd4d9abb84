package wasm_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"

	"github.com/seatrial/seatrial/scenarios/exact/wasm"
)

// Goal: a rewritten function does the same even where Go programs hardly ever
// get. Method: the smallest module with a function as the Go compiler writes it,
// which calls another one and then stores 42 in its frame. What Go programs do
// is compared in package exact (testdata/shapes).

const (
	stack = 1000 // the stack pointer at first
	frame = 16   // where 42 is stored, from the stack pointer
)

// caller has two segments, before and after the call. Instructions as bytes:
// 0x20 to 0x24 are local.get, set, tee and global.get, set, 0x41 and 0x42
// constants, 0x37 is i64.store, 0x10 a call.
var caller = slices.Concat(
	[]byte{1, 1, 0x7f},          // locals: one i32
	[]byte{0x23, 0, 0x21, 1},    // local 1 is the stack pointer
	[]byte{0x02, 0x40},          // block to leave by
	[]byte{0x02, 0x40, 2, 0x40}, // blocks of the segments
	[]byte{0x20, 0, 0x0e, 1, 0, 1, 0x0b},
	[]byte{0x20, 1, 0x41, 8, 0x6b, 0x22, 1, 0x24, 0}, // SP -= 8
	[]byte{0x20, 1, 0x42, 1, 0x37, 3, 0},             // the return address: table entry 1
	[]byte{0x41, 0, 0x10, 1, 0x23, 0, 0x21, 1, 0x0d, 1, 0x0b},
	[]byte{0x20, 1, 0x42, 42, 0x37, 3, frame},
	[]byte{0x20, 1, 0x41, 8, 0x6a, 0x22, 1, 0x24, 0}, // SP += 8
	[]byte{0x41, 0, 0x0f},
	[]byte{0, 0x0b, 0x41, 1, 0x0b},
)

// module has a called function that leaves the given stack pointer and result.
func module(pointer int, result byte) []byte {
	called := []byte{0, 0x41, byte(pointer) | 0x80, byte(pointer >> 7), 0x24, 0, 0x41, result, 0x0b}
	code := slices.Concat([]byte{2, byte(len(caller))}, caller, []byte{byte(len(called))}, called)
	return slices.Concat([]byte("\x00asm\x01\x00\x00\x00"),
		[]byte{1, 6, 1, 0x60, 1, 0x7f, 1, 0x7f},      // type: i32 to i32
		[]byte{3, 3, 2, 0, 0}, []byte{5, 3, 1, 0, 1}, // two functions, a page of memory
		[]byte{6, 7, 1, 0x7f, 1, 0x41, 0xe8, 0x07, 0x0b}, // the stack pointer: 1000
		[]byte{7, 14, 2, 1, 'f', 0, 0, 6, 'm', 'e', 'm', 'o', 'r', 'y', 2, 0},
		[]byte{10, byte(len(code))}, code)
}

// call runs the caller from a table entry, and returns its result and where 42 is.
func call(t *testing.T, module []byte, entry uint64) (result uint64, at []uint32) {
	t.Helper()
	r := wazero.NewRuntime(t.Context())
	defer r.Close(t.Context())
	instance, err := r.Instantiate(t.Context(), module)
	require.NoError(t, err)
	results, err := instance.ExportedFunction("f").Call(t.Context(), entry)
	require.NoError(t, err)
	for a := uint32(0); a < instance.Memory().Size(); a += 8 {
		if v, _ := instance.Memory().ReadUint64Le(a); v == 42 {
			at = append(at, a)
		}
	}
	return results[0], at
}

func TestAFunctionDoesWhatItDid(t *testing.T) {
	for _, c := range []struct {
		name        string
		pointer     int
		result      byte // of the called function
		entry       uint64
		want        uint64
		at          []uint32
		explanation string
	}{
		{"return", stack, 0, 0, 0, []uint32{stack + frame}, "the usual case"},
		{"switch", stack, 1, 0, 1, nil, "goroutines are switched: all callers leave"},
		{"resume", stack, 0, 1, 0, []uint32{stack + frame}, "it begins behind the call"},
		{"move", stack + 16, 0, 0, 0, []uint32{stack + 16 + frame}, "the stack moved meanwhile: the frame is elsewhere"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := module(c.pointer, c.result)
			after, err := wasm.Straighten(before)
			require.NoError(t, err)
			for _, m := range [][]byte{before, after} {
				result, at := call(t, m, c.entry)
				assert.Equal(t, c.want, result, c.explanation)
				assert.Equal(t, c.at, at, c.explanation)
			}
		})
	}
}

func TestOnlyWhoIsResumedGoesThroughATable(t *testing.T) {
	straight, err := wasm.Straighten(module(stack, 0))
	require.NoError(t, err)
	table := []byte{0x20, 0, 0x0e}
	require.Equal(t, 1, bytes.Count(straight, table), "the body for who is resumed")
	assert.Greater(t, bytes.Index(straight, table), bytes.Index(straight, []byte{0x24, 0, 0x41, 0, 0x0b}), "comes last, so that numbers stay")
}

func TestWhatIsNotUnderstoodStaysAsItIs(t *testing.T) {
	for _, change := range [][2][]byte{
		{{0x0f, 0, 0x0b}, {0xfb, 0, 0x0b}},       // an instruction of a later version
		{{0x23, 0, 0x21, 1}, {0x23, 0, 0x1a, 1}}, // another beginning
		{{0x0d, 1, 0x0b}, {0x0d, 0, 0x0b}},       // a branch to another block
	} {
		odd := bytes.Replace(module(stack, 0), change[0], change[1], 1)
		straight, err := wasm.Straighten(odd)
		require.NoError(t, err)
		assert.Equal(t, odd, straight)
	}
}

func TestWhatIsCutOffIsRefused(t *testing.T) {
	whole := module(stack, 0)
	for n := range len(whole) {
		if _, err := wasm.Straighten(whole[:n]); err != nil {
			assert.ErrorContains(t, err, "straightening the module", "%d bytes", n)
		}
	}
	_, err := wasm.Straighten(whole[:len(whole)-10])
	assert.Error(t, err)
}
