package wasm_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"

	"github.com/seatrial/seatrial/internal/exact/wasm"
)

// Goal: a rewritten function does the same even where Go programs hardly ever
// get. Method: the smallest modules with functions as the Go compiler writes
// them, run as they are and rewritten, with a called function that returns, lets
// goroutines be switched, or comes back with another stack. What Go programs do is
// compared in package exact (testdata/shapes).

const stack = 1000 // the stack pointer at first

// Instructions as bytes: 0x20 to 0x24 are local.get, set, tee and global.get, set,
// 0x41 and 0x42 constants, 0x29 is i64.load, 0x37 i64.store, 0x10 a call.
var (
	copySP = []byte{0x23, 0, 0x21, 1}
	push   = []byte{0x20, 1, 0x41, 8, 0x6b, 0x22, 1, 0x24, 0, 0x20, 1, 0x42, 1, 0x37, 3, 0} // return address: entry 1
	called = slices.Concat([]byte{0x41, 0, 0x10, 1}, copySP)
	grow   = []byte{0x20, 1, 0x41, 32, 0x6b, 0x22, 1, 0x24, 0}
	shrink = []byte{0x20, 1, 0x41, 32, 0x6a, 0x22, 1, 0x24, 0}
	store  = []byte{0x20, 1, 0x42, 42, 0x37, 3, 16} // 42 into the frame
	ret    = []byte{0x20, 1, 0x41, 8, 0x6a, 0x22, 1, 0x24, 0, 0x41, 0, 0x0f}
	leave  = []byte{0x0d, 1} // if the result says so; from the first segment
)

// caller has two segments, the second of them behind end.
func caller(code ...[]byte) []byte {
	return slices.Concat([]byte{1, 1, 0x7f}, copySP, // locals: one i32, the stack pointer
		[]byte{0x02, 0x40, 0x02, 0x40, 0x02, 0x40, 0x20, 0, 0x0e, 1, 0, 1, 0x0b},
		slices.Concat(code...), []byte{0, 0x0b, 0x41, 1, 0x0b})
}

var end = []byte{0x0b}

var indirectly = slices.Concat([]byte{0x42, 0x80, 0x80, 0x08}, push, // 2<<16: the second entry of the table
	[]byte{0x42, 16, 0x88, 0xa7, 0x21, 0, 0x41, 0, 0x20, 0, 0x11, 0, 0}, copySP)

var forms = []struct {
	name, explanation string
	code              []byte
}{
	{"call", "goroutines may be switched", caller(grow, push, called, leave, end, store, shrink, ret)},
	{"table", "the same, of a function found in the table", caller(grow, indirectly, leave, end, store, shrink, ret)},
	{"tail", "the callee returns to the caller", caller([]byte{0x41, 0, 0x10, 1}, copySP, []byte{0x0f, 0x0b}, ret)},
	{"sure", "goroutines cannot be switched", caller(grow, push, called, []byte{0x04, 0x40, 0, 0x0b}, store, shrink, ret, end, ret)},
	{"die", "a panic, from which nobody comes back", caller(grow, store, []byte{0x41, 1, 0x04, 0x40}, push, called, []byte{0x0d, 2, 0x0b}, shrink, ret, end, ret)},
	{"live", "no panic", caller(grow, store, []byte{0x41, 0, 0x04, 0x40}, push, called, []byte{0x0d, 2, 0x0b}, shrink, ret, end, ret)},
	{"own", "a function with a convention of its own", caller(grow, []byte{0x10, 2}, copySP, store, shrink, ret, end, ret)},
	{"call, tail", "both", caller(push, called, leave, end, []byte{0x41, 0, 0x10, 1}, copySP, []byte{0x0f})},
}

// module has a function of such a form and those that it calls, which set the
// stack pointer.
func module(code []byte, pointer int, result byte) []byte {
	setSP := []byte{0x41, byte(pointer) | 0x80, byte(pointer >> 7), 0x24, 0}
	callee := slices.Concat([]byte{0}, setSP, []byte{0x41, result, 0x0b})
	own := slices.Concat([]byte{0}, setSP, []byte{0x0b})
	var bodies []byte
	for _, b := range [][]byte{code, callee, own} {
		bodies = slices.Concat(bodies, binary.AppendUvarint(nil, uint64(len(b))), b)
	}
	bodies = append([]byte{3}, bodies...)
	return slices.Concat([]byte("\x00asm\x01\x00\x00\x00"),
		[]byte{1, 9, 2, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 0, 0}, // types: i32 to i32, nothing to nothing
		[]byte{3, 4, 3, 0, 0, 1}, []byte{4, 4, 1, 0x70, 0, 4}, []byte{5, 3, 1, 0, 1},
		[]byte{6, 7, 1, 0x7f, 1, 0x41, 0xe8, 0x07, 0x0b}, // the stack pointer: 1000
		[]byte{7, 18, 3, 1, 'f', 0, 0, 6, 'm', 'e', 'm', 'o', 'r', 'y', 2, 0, 1, 's', 3, 0},
		[]byte{9, 8, 1, 0, 0x41, 1, 0x0b, 2, 0, 1}, // table: the first two, from entry 1
		[]byte{10}, binary.AppendUvarint(nil, uint64(len(bodies))), bodies)
}

// end of a run.
type outcome struct {
	result uint64
	trap   bool
	sp     uint64
	memory []byte
}

func run(t *testing.T, module []byte, entry uint64) (o outcome) {
	t.Helper()
	r := wazero.NewRuntime(t.Context())
	defer r.Close(t.Context())
	instance, err := r.Instantiate(t.Context(), module)
	require.NoError(t, err)
	results, err := instance.ExportedFunction("f").Call(t.Context(), entry)
	if o.trap = err != nil; o.trap {
		return o
	}
	o.result, o.sp = results[0], instance.ExportedGlobal("s").Get()
	memory, _ := instance.Memory().Read(0, instance.Memory().Size())
	o.memory = bytes.Clone(memory)
	return o
}

// never is what no Go program does: to come back from a panic or with another
// stack from where goroutines are not switched, or to be resumed where none is.
var never = []string{"sure switch", "sure move", "own switch", "own move", "die return", "die move", "die resume", "live resume"}

func TestAFunctionDoesWhatItDid(t *testing.T) {
	for _, form := range forms {
		for _, c := range []struct {
			name        string
			pointer     int // when the called function is through
			result      byte
			entry       uint64
			explanation string
		}{
			{"return", stack - 32, 0, 0, "the usual case"},
			{"switch", stack + 64, 1, 0, "goroutines are switched: all callers leave"},
			{"move", stack + 16, 0, 0, "the stack moved meanwhile: the frame is elsewhere"},
			{"resume", stack - 32, 0, 1, "it begins behind the call"},
		} {
			t.Run(form.name+" "+c.name, func(t *testing.T) {
				if form.name == "tail" && c.name == "return" {
					c.pointer = stack + 8
				}
				before := module(form.code, c.pointer, c.result)
				after, err := wasm.Straighten(before)
				require.NoError(t, err)
				require.NotEqual(t, before, after, "it is understood")
				was, is := run(t, before, c.entry), run(t, after, c.entry)
				if slices.Contains(never, form.name+" "+c.name) {
					assert.True(t, is.trap, "not done in silence")
					return
				}
				assert.False(t, was.trap)
				assert.Equal(t, was, is, "%s; %s", form.explanation, c.explanation)
			})
		}
	}
}

func TestOnlyWhoIsResumedGoesThroughATable(t *testing.T) {
	before := module(forms[0].code, stack, 0)
	straight, err := wasm.Straighten(before)
	require.NoError(t, err)
	table := []byte{0x20, 0, 0x0e}
	require.Equal(t, 1, bytes.Count(straight, table), "the body for who is resumed")
	first := bytes.Index(straight, []byte{10}) // numbers stay: it comes behind
	assert.Greater(t, bytes.Index(straight, table), first+len(before)/2)
}

func TestWhatIsNotUnderstoodStaysAsItIs(t *testing.T) {
	for _, change := range [][2][]byte{
		{{0x0f, 0, 0x0b}, {0xfb, 0, 0x0b}},                   // an instruction of a later version
		{{0x23, 0, 0x21, 1}, {0x23, 0, 0x1a, 1}},             // another beginning
		{{0x0d, 1, 0x0b}, {0x0d, 0, 0x0b}},                   // a branch to another block
		{shrink, bytes.Repeat([]byte{1}, len(shrink))},       // the frame is not given back
		{[]byte{0x41, 0, 0x10, 1}, []byte{0x41, 0, 0x10, 2}}, // a call of a function of another type
		{[]byte{0x41, 0, 0x10, 1}, []byte{0x41, 0, 0x10, 0}}, // … that somebody outside calls, too
		{grow, push[:9]}, // the frame is not what is given back
		{ret, append(bytes.Clone(ret[:9]), 0x41, 1, 0x0f)}, // returns as who switches goroutines
		{ret[:9], {0x23, 0, 0x22, 1, 0x24, 0, 1, 1, 1}},    // the stack pointer comes from elsewhere
	} {
		odd := bytes.Replace(module(forms[0].code, stack, 0), change[0], change[1], 1)
		straight, err := wasm.Straighten(odd)
		require.NoError(t, err)
		assert.Equal(t, odd, straight)
	}
	for _, code := range [][]byte{
		caller(grow, []byte{0x41, 0, 0x10, 1}, copySP, []byte{0x0f, 0x0b}, ret), // a tail call with a frame
		caller([]byte{0x10, 2}, store, ret, end, ret),                           // a call that is not followed by what follows calls
		slices.Concat([]byte{1, 1, 0x7f}, copySP, // two ways to one place, with frame and without
			[]byte{0x02, 0x40, 0x03, 0x40, 0x02, 0x40, 0x02, 0x40, 0x20, 0, 0x0e, 1, 0, 1, 0x0b},
			[]byte{0x41, 1, 0x04, 0x40, 0x41, 1, 0x21, 0, 0x0c, 2, 0x0b}, grow, []byte{0x20, 1, 0x1a}, end, ret,
			[]byte{0x0b, 0, 0x0b, 0x41, 1, 0x0b}),
	} {
		odd := module(code, stack, 0)
		straight, err := wasm.Straighten(odd)
		require.NoError(t, err)
		assert.Equal(t, odd, straight)
	}
}

func TestWhatIsCutOffIsRefused(t *testing.T) {
	whole := module(forms[0].code, stack, 0)
	for n := range len(whole) {
		if _, err := wasm.Straighten(whole[:n]); err != nil {
			assert.ErrorContains(t, err, "straightening the module", "%d bytes", n)
		}
	}
	_, err := wasm.Straighten(whole[:len(whole)-10])
	assert.Error(t, err)
}
