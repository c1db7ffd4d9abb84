package wasm

// Instructions by the core specification's numbers.
const (
	opUnreachable   = 0x00
	opBlock         = 0x02
	opLoop          = 0x03
	opIf            = 0x04
	opElse          = 0x05
	opEnd           = 0x0b
	opBr            = 0x0c
	opBrIf          = 0x0d
	opBrTable       = 0x0e
	opReturn        = 0x0f
	opCall          = 0x10
	opCallIndirect  = 0x11
	opDrop          = 0x1a
	opSelect        = 0x1b
	opLocalGet      = 0x20
	opLocalSet      = 0x21
	opLocalTee      = 0x22
	opGlobalGet     = 0x23
	opGlobalSet     = 0x24
	opI32Load       = 0x28
	opI32Load8U     = 0x2d
	opI64Load32U    = 0x35
	opI32Store      = 0x36
	opI64Store      = 0x37
	opI64Store32    = 0x3e
	opMemorySize    = 0x3f
	opMemoryGrow    = 0x40
	opI32Const      = 0x41
	opI64Const      = 0x42
	opF32Const      = 0x43
	opF64Const      = 0x44
	opI32Eqz        = 0x45
	opI32Eq         = 0x46
	opI32Ne         = 0x47
	opI32LtU        = 0x49
	opI64Eqz        = 0x50
	opI32Sub        = 0x6b
	opI32Add        = 0x6a
	opI32Shl        = 0x74
	opI64Add        = 0x7c
	opI64ShrU       = 0x88
	opI32WrapI64    = 0xa7
	opI64ExtendI32U = 0xad
	opLast          = 0xc4
	opMore          = 0xfc // a second number says which
)

// Steps that stand for several instructions, numbered where the specification
// has none. A call has the numbers of a function and of the table entry behind it.
const (
	stepJump       = 0xf0 + iota // to segment arg, by way of the table
	stepLeave                    // the function, to switch goroutines
	stepLeaveIf                  // when the top of the stack is not 0
	stepUnknown                  // an instruction that Go 1.26 does not write
	stepCheckFrame               // here the stack pointer is what it stays
	stepCall                     // that can be resumed; raw is what comes before
	stepFrame                    // the frame grows by arg
	stepReturn                   // the frame and the return address are gone
	stepTailCall                 // the callee returns to the caller
	stepPlainCall                // of a function with a convention of its own
	stepSureCall                 // during which goroutines are not switched
	stepDieIf                    // a call that does not return, if the top of the stack is not 0
)

// indirect stands for the number of a function that is found in the table.
const indirect = -1

const (
	void = 0x40 // type of a block
	i32  = 0x7f // type of a local
)

// instruction is one of a function, or one of the steps above.
type instruction struct {
	op     byte
	arg    int64 // index, depth, constant; of a load or store its alignment
	offset int64 // of a load or store
	callee int   // of a call, or indirect
	raw    []byte
}

// instruction decodes one.
func (r *Reader) instruction() instruction {
	before := r.Rest
	in := instruction{op: r.Byte()}
	switch op := in.op; {
	case op == opBlock || op == opLoop || op == opIf || op == opI32Const || op == opI64Const:
		in.arg = r.Signed()
	case op == opBr || op == opBrIf || op == opCall || op >= opLocalGet && op <= opGlobalSet ||
		op == opMemorySize || op == opMemoryGrow:
		in.arg = int64(r.Number())
	case op == opBrTable:
		for range r.Number() + 1 {
			r.Number()
		}
	case op == opCallIndirect || isAccess(op):
		in.arg, in.offset = int64(r.Number()), int64(r.Number())
	case op == opF32Const:
		r.Bytes(4)
	case op == opF64Const:
		r.Bytes(8)
	case op == opMore:
		const lastConversion, copyMemory, fillMemory = 7, 10, 11
		switch more := r.Number(); {
		case more == copyMemory:
			r.Bytes(2)
		case more == fillMemory:
			r.Bytes(1)
		case more > lastConversion:
			in.op = stepUnknown
		}
	case op <= 1 || op == opElse || op == opEnd || op == opReturn || op == opDrop || op == opSelect || op >= opI32Eqz && op <= opLast:
	default:
		in.op = stepUnknown
	}
	in.raw = before[:len(before)-len(r.Rest)]
	return in
}

func isAccess(op byte) bool { return op >= opI32Load && op <= opI64Store32 }

// opens says whether an end belongs to the instruction.
func (in instruction) opens() bool { return in.op == opBlock || in.op == opLoop || in.op == opIf }

// is compares with an instruction that has one argument or none.
func (in instruction) is(op byte, arg int64) bool { return in.op == op && in.arg == arg }

// accessEnd is how far behind its address a load or store reaches.
func (in instruction) accessEnd() int64 {
	widths := [...]int64{4, 8, 4, 8, 1, 1, 2, 2, 1, 1, 2, 2, 4, 4, 4, 8, 4, 8, 1, 2, 1, 2, 4}
	return in.offset + widths[in.op-opI32Load]
}

// effect is how many values an instruction takes from the stack and puts
// there; known is false for those that do more than compute.
func effect(op byte) (takes, puts int, known bool) {
	switch {
	case op == opLocalGet || op == opGlobalGet || op >= opI32Const && op <= opF64Const || op == opMemorySize:
		return 0, 1, true
	case op == opLocalSet || op == opGlobalSet || op == opDrop:
		return 1, 0, true
	case op == opLocalTee || op >= opI32Load && op <= opI64Load32U:
		return 1, 1, true
	case op >= opI32Store && op <= opI64Store32:
		return 2, 0, true
	case op == opSelect:
		return 3, 1, true
	case op == opI32Eqz || op == opI64Eqz, // and clz to popcnt, abs to sqrt, conversions
		op >= 0x67 && op <= 0x69, op >= 0x79 && op <= 0x7b, op >= 0x8b && op <= 0x91, op >= 0x99 && op <= 0x9f,
		op >= opI32WrapI64 && op <= opLast:
		return 1, 1, true
	case op > opI32Eqz && op < opI32WrapI64: // comparisons and arithmetic
		return 2, 1, true
	}
	return 0, 0, false
}

// addressee finds the load or store, at or after code[k], whose address is what
// lies on top of the stack before code[k]; -1 if it is used otherwise.
func addressee(code []instruction, k int) int {
	height := 1
	for ; k < len(code); k++ {
		takes, puts, known := effect(code[k].op)
		switch {
		case !known:
			return -1
		case takes < height:
			height += puts - takes
		case takes == height && isAccess(code[k].op):
			return k
		default:
			return -1
		}
	}
	return -1
}
