package wasm

// function is a Go function taken apart. The Go compiler writes all in one
// form (cmd/internal/obj/wasm): the parameter is the table entry to begin at,
// local 1 a copy of the stack pointer, and then
//
//	block                 ;; to leave by, returning 1: goroutines are switched
//	  loop                ;; to jump by
//	    block … block     ;; one for each segment
//	      local.get 0  br_table …
//	    end  segment 0
//	    end  segment 1 …
//
// The block and the loop are there when something needs them.
type function struct {
	declarations []byte // of locals, as they stand in the module
	groups       int    // of declarations
	locals       int    // parameter included
	leaves       bool   // has the block to leave by
	loops        bool   // has the loop to jump by
	table        []int  // leads to segments
	segments     []segment
	resumable    bool  // may be entered elsewhere than at the beginning
	frame        int64 // how far loads and stores reach behind below
}

// segment is a run of instructions that is entered at its beginning only.
type segment struct {
	code  []instruction
	next  int   // to be jumped to at the end; -1: the one behind it, or none
	frame int64 // as that of the function
}

// Locals and the global of the Go calling convention.
const (
	entryLocal = 0
	spLocal    = 1
	spGlobal   = 0
)

// parse takes a body apart; nil if it has not the usual form, as some functions
// written in assembly have not, and perhaps those of another Go release.
func parse(body []byte) *function {
	in := &Reader{body}
	f := &function{groups: in.Number(), locals: 1}
	before := in.Rest
	for range f.groups {
		f.locals += in.Number()
		in.Byte()
	}
	f.declarations = before[:len(before)-len(in.Rest)]
	if !in.instruction().is(opGlobalGet, spGlobal) || !in.instruction().is(opLocalSet, spLocal) || !f.parseHead(in) {
		return nil
	}
	current, inner := segment{next: -1}, 0
	for {
		i := in.instruction()
		switch {
		case i.opens():
			inner++
		case i.op == opEnd && inner > 0:
			inner--
		case i.op == opEnd:
			f.segments = append(f.segments, current)
			if len(f.segments) == f.count() {
				return f
			}
			current = segment{next: -1}
			continue
		case i.op == opBrTable || i.op == stepUnknown:
			return nil
		case (i.op == opBr || i.op == opBrIf) && int(i.arg) >= inner:
			if !f.leads(&current, i, inner) {
				return nil
			}
			continue
		case (i.op == opCall || i.op == opCallIndirect) && inner == 0:
			f.resumable = true
		}
		current.code = append(current.code, i)
	}
}

// count is how many segments there are: the table's default is the last.
func (f *function) count() int { return f.table[len(f.table)-1] + 1 }

// parseHead reads what is before the first segment.
func (f *function) parseHead(in *Reader) bool {
	outer, blocks := 0, 0
	i := in.instruction()
	for ; i.op == opBlock || i.op == opLoop && !f.loops; i = in.instruction() {
		if i.op == opLoop {
			f.loops, outer, blocks = true, blocks, 0
		} else {
			blocks++
		}
	}
	if blocks == 0 || !i.is(opLocalGet, entryLocal) || in.Byte() != opBrTable {
		return false
	}
	for range in.Number() + 1 {
		f.table = append(f.table, in.Number())
	}
	if !f.loops {
		outer = blocks - f.count()
		blocks -= outer
	}
	f.leaves = outer == 1
	return outer <= 1 && blocks == f.count() && in.Byte() == opEnd
}

// leads replaces a branch out of a segment by the step that it is.
func (f *function) leads(s *segment, i instruction, inner int) bool {
	depth := int(i.arg) - inner - (f.count() - 1 - len(f.segments))
	switch n := len(s.code); {
	case f.loops && depth == 0 && i.op == opBr && n >= 2 && s.code[n-2].op == opI32Const && s.code[n-1].is(opLocalSet, entryLocal):
		to := f.table[min(int(s.code[n-2].arg), len(f.table)-1)]
		s.code = append(s.code[:n-2], instruction{op: stepJump, arg: int64(to)})
	case f.leaves && (depth == 1 && f.loops || depth == 0 && !f.loops):
		op := byte(stepLeave)
		if i.op == opBrIf {
			op = stepLeaveIf
		}
		s.code = append(s.code, instruction{op: op})
	default:
		return false
	}
	return true
}

// below is a local that is 8 less than the stack pointer: where the return
// address of a call goes. A frame's loads and stores and its calls all use that
// one address.
func (f *function) below() int { return f.locals }

func (f *function) getBelow() instruction {
	return instruction{op: opLocalGet, arg: int64(f.below()), raw: appendNumber([]byte{opLocalGet}, f.below())}
}

func (f *function) setBelow() instruction {
	return instruction{op: opLocalSet, arg: int64(f.below()),
		raw: appendNumber([]byte{opLocalGet, spLocal, opI32Const, 8, opI32Sub, opLocalSet}, f.below())}
}

// move adds to the offset of a load or store.
func (in *instruction) move(by int64) {
	in.offset += by
	in.raw = appendNumber(appendNumber([]byte{in.op}, int(in.arg)), int(in.offset))
}

// stackAddress matches an address in the frame that a load or store uses:
// the stack pointer, and often a sum in 64 bits.
func stackAddress(code []instruction) (n int, offset int64) {
	n = 1
	if len(code) > 4 && code[1].op == opI64ExtendI32U && code[2].op == opI64Const && code[2].arg >= 0 &&
		code[3].op == opI64Add && code[4].op == opI32WrapI64 {
		n, offset = 5, code[2].arg
	}
	if addressee(code, n) < 0 {
		return 0, 0
	}
	return n, offset
}
