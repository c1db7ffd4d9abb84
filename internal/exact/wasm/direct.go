package wasm

// The Go calling convention keeps the stack pointer in a global, which machine
// code can only store and load again, and everybody who calls compares it. So a
// function that is known to leave the stack pointer as its caller expects has
// a direct body: the parameter is the stack pointer, nothing is resumed, and the
// result says how it ended.
//
//	returned  normally: the stack pointer is 8 more than the parameter
//	leaving   goroutines are switched: every caller leaves, too
//	moved     normally, but by way of a resumed body: the stack pointer is
//	          where the global says, which may be elsewhere
const (
	returned = iota
	leaving
	moved
)

// entries is more than any table entry, which the parameter is in Go's
// convention. It is added to the stack pointer, so that a function sees in which
// convention it is called.
const entries = 1 << 16

// MemoryPages is how large memory may become: the sum is less than 4 GiB.
const MemoryPages = 1<<16 - entries>>16

// balanced replaces what is about the stack pointer by steps, and says whether
// all of it is understood: then the stack pointer changes by constants only, is
// the same wherever ways meet, and is where the caller expects it at each
// return. Functions that switch stacks are not like that.
func (f *function) balanced() bool {
	for i := range f.segments {
		if !f.direct(&f.segments[i], i == 0) {
			return false
		}
	}
	const unknown = -1
	depth := make([]int64, len(f.segments)) // of the frame, where a segment begins
	for i := range depth {
		depth[i] = unknown
	}
	depth[0] = 0
	for todo := []int{0}; len(todo) > 0; {
		i := todo[0]
		todo = todo[1:]
		now, ok := depth[i], true
		to := func(segment int) {
			if depth[segment] == unknown {
				depth[segment] = now
				todo = append(todo, segment)
			}
			ok = ok && depth[segment] == now
		}
		for _, in := range f.segments[i].code {
			switch in.op {
			case stepFrame:
				now += in.arg
				ok = ok && (now >= 0 || now == -8)
			case stepJump:
				to(int(in.arg))
			case stepReturn:
				ok = ok && now == -8 // the return address is gone
			case stepTailCall:
				ok = ok && now == 0
			case stepCall, stepDieIf, stepSureCall, stepPlainCall:
				ok = ok && now >= 0
			}
		}
		if f.fallsThrough(i) {
			to(i + 1)
		}
		if !ok {
			return false
		}
	}
	return true
}

// direct does that for a segment.
func (f *function) direct(s *segment, first bool) bool {
	code := s.code
	var out []instruction
	inner := 0
	for k := 0; k < len(code); k++ {
		in := code[k]
		if step, n := directStep(code[k:], inner); n > 0 {
			if step.op == stepDieIf || step.op == stepCall || step.op == stepSureCall {
				s.frame = max(s.frame, 8)
			}
			out = append(out, step)
			k += n - 1
			if step.op == stepFrame && first && step.arg > 8 {
				out = append(out, instruction{op: stepCheckFrame})
			}
			continue
		}
		switch {
		case in.opens():
			inner++
		case in.op == opEnd:
			inner--
		case in.is(opLocalGet, spLocal):
			if n, offset := stackAddress(code[k:]); n > 0 {
				out = append(out, f.getBelow())
				access := &code[addressee(code, k+n)]
				access.move(8 + offset)
				s.frame = max(s.frame, access.accessEnd())
				k += n - 1
				continue
			}
		case (in.op == opGlobalGet || in.op == opGlobalSet) && in.arg == spGlobal,
			(in.op == opLocalSet || in.op == opLocalTee) && in.arg == spLocal,
			in.op == opCall, in.op == opCallIndirect, in.op == opReturn, in.op == stepLeave, in.op == stepLeaveIf:
			return false
		}
		out = append(out, in)
	}
	s.code = out
	f.frame = max(f.frame, s.frame)
	return true
}

// directStep matches what Go's compiler makes of the stack pointer, calls and returns.
func directStep(code []instruction, inner int) (step instruction, n int) {
	switch {
	case inner == 0 && frameStep(code):
		step, n = instruction{op: stepFrame, arg: code[1].arg}, 5
		if code[2].op == opI32Add {
			step.arg = -step.arg
		}
	case code[0].is(opLocalGet, spLocal):
		step, n = storedCall(code)
		switch {
		case n == 0:
		case inner == 0 && n < len(code) && code[n].op == stepLeaveIf:
			n++
		case n+2 < len(code) && code[n].is(opIf, void-0x80) && code[n+1].op == opUnreachable && code[n+2].op == opEnd:
			step.op, n = stepSureCall, n+3
		default:
			n = 0
		}
	case code[0].is(opIf, void-0x80) && len(code) > 1:
		step, n = storedCall(code[1:])
		if n > 0 && n+2 < len(code) && code[n+1].op == stepLeaveIf && code[n+2].op == opEnd {
			step.op, n = stepDieIf, n+3
		} else {
			n = 0
		}
	case code[0].is(opI32Const, 0) && len(code) > 4 && code[1].op == opCall && reloadsSP(code[2:]) && code[4].op == opReturn:
		step, n = instruction{op: stepTailCall, callee: int(code[1].arg)}, 5
	case code[0].is(opI32Const, 0) && len(code) > 1 && code[1].op == opReturn:
		step, n = instruction{op: stepReturn}, 2
	case code[0].op == opCall && reloadsSP(code[1:]) && (len(code) == 3 || code[3].op != stepLeaveIf):
		step, n = instruction{op: stepPlainCall, callee: int(code[0].arg)}, 3
	}
	return step, n
}

// frameStep matches SP -= n and SP += n.
func frameStep(code []instruction) bool {
	return len(code) > 4 && code[0].is(opLocalGet, spLocal) && code[1].op == opI32Const && code[1].arg > 0 &&
		(code[2].op == opI32Sub || code[2].op == opI32Add) && code[3].is(opLocalTee, spLocal) && code[4].is(opGlobalSet, spGlobal) &&
		!pushes(code)
}

// pushes matches the beginning of a call: SP -= 8, a return address is stored.
func pushes(code []instruction) bool {
	return len(code) > 7 && code[0].is(opLocalGet, spLocal) && code[1].is(opI32Const, 8) && code[2].op == opI32Sub &&
		code[3].is(opLocalTee, spLocal) && code[4].is(opGlobalSet, spGlobal) && code[5].is(opLocalGet, spLocal) &&
		code[6].op == opI64Const && code[7].op == opI64Store && code[7].offset == 0
}

// reloadsSP matches what follows each call.
func reloadsSP(code []instruction) bool {
	return len(code) > 1 && code[0].is(opGlobalGet, spGlobal) && code[1].is(opLocalSet, spLocal)
}

// storedCall matches a call with a return address, up to where its result is
// on the stack. An indirect one finds its function by bits of what lies on the stack.
func storedCall(code []instruction) (call instruction, n int) {
	if !pushes(code) {
		return call, 0
	}
	call = instruction{op: stepCall, arg: code[6].arg & 0xffff, raw: append(append([]byte{}, code[6].raw...), code[7].raw...)}
	rest := code[8:]
	switch {
	case len(rest) > 3 && rest[0].is(opI32Const, 0) && rest[1].op == opCall && reloadsSP(rest[2:]):
		call.callee = int(rest[1].arg)
		return call, 12
	case len(rest) > 8 && rest[0].is(opI64Const, 16) && rest[1].op == opI64ShrU && rest[2].op == opI32WrapI64 &&
		rest[3].is(opLocalSet, entryLocal) && rest[4].is(opI32Const, 0) && rest[5].is(opLocalGet, entryLocal) &&
		rest[6].is(opCallIndirect, goType) && rest[6].offset == 0 && reloadsSP(rest[7:]):
		call.callee = indirect
		for _, in := range rest[:3] {
			call.raw = append(call.raw, in.raw...)
		}
		return call, 17
	}
	return call, 0
}
