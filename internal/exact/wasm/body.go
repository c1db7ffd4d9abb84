package wasm

// result is the local for how a call ended.
func (e *emitter) result() int { return e.f.below() + 1 }

// directBody returns a body for calls that begin at the beginning.
func (e *emitter) directBody() []byte {
	jumps := e.f.order()
	e.root = findRegions(0, len(e.f.segments)-1, false, jumps)
	for _, j := range jumps {
		e.root.expect(j)
	}
	e.open(opBlock, label{kind: entered})
	e.put(opLocalGet, entryLocal)
	e.putConst(entries)
	e.put(opI32LtU)
	e.branch(opBrIf, label{kind: entered})
	e.put(opLocalGet, entryLocal)
	e.putConst(entries)
	e.put(opI32Sub)
	e.setSP()
	e.segments()
	if e.slow != 0 {
		// Somebody who moved goes on in the resumed body, behind the call.
		e.put(opI32Const, moved, opLocalGet, entryLocal)
		e.putNumber(opCall, e.slow)
		e.put(opI32Sub, opReturn) // 1 is leaving for both
	}
	e.close()
	e.entrance()
	return e.finished()
}

// resumedBody returns a body that can begin at any entry of the table: one
// loop, as the function has it, but for the jumps that lead forward. It keeps to
// Go's convention.
func (e *emitter) resumedBody() []byte {
	e.root = &region{last: len(e.f.segments) - 1, loop: true}
	for i := range e.f.segments {
		e.root.targets = append(e.root.targets, i)
	}
	e.open(opLoop, label{kind: again})
	e.put(opGlobalGet, spGlobal)
	e.setSP()
	e.segments()
	e.branch(opBr, label{kind: again})
	e.close()
	e.put(opUnreachable)
	return e.finished()
}

// segments writes the code, then the calls that do not return, which are hardly
// ever made, and then what follows calls that did not just return.
func (e *emitter) segments() {
	e.open(opBlock, label{kind: after})
	calls := 0
	for _, s := range e.f.segments {
		for _, in := range s.code {
			if in.op == stepDieIf {
				calls++
			}
		}
	}
	for i := range calls {
		e.open(opBlock, label{dying, calls - 1 - i})
	}
	e.region(e.root)
	e.put(opUnreachable)
	for _, call := range e.dying {
		e.close()
		e.push(call)
		e.put(opI32Const, leaving, opI32Ne, opIf, void, opUnreachable, opEnd, opI32Const, leaving, opReturn)
	}
	e.close()
	e.putNumber(opLocalGet, e.result())
	e.put(opI32Const, leaving, opI32Eq, opIf, void, opI32Const, leaving, opReturn, opElse, opEnd)
}

// finished is the whole body, with its own locals before the code.
func (e *emitter) finished() []byte {
	own := e.result() + 1 - e.f.locals
	body := appendNumber(nil, e.f.groups+1)
	body = append(body, e.f.declarations...)
	body = append(appendNumber(body, own+len(e.pointers)), i32)
	return append(append(body, e.out...), opEnd)
}

// setSP makes the stack pointer what is on the top of the stack.
func (e *emitter) setSP() {
	e.put(opLocalSet, spLocal)
	e.put(e.f.setBelow().raw...)
}

// step writes a step. What Go never does, such as coming back from a panic or
// with another stack where goroutines are not switched, is a trap here.
func (e *emitter) step(in instruction) {
	switch in.op {
	case stepCall:
		e.push(in)
		e.putNumber(opLocalTee, e.result())
		e.putConst(int(in.arg))
		e.put(opLocalSet, entryLocal)
		e.branch(opBrIf, label{kind: after})
	case stepFrame:
		e.put(opLocalGet, spLocal)
		e.putConst(int(in.arg))
		e.put(opI32Sub)
		e.setSP()
	case stepReturn:
		if e.resume {
			e.put(opLocalGet, spLocal, opGlobalSet, spGlobal)
		}
		e.put(opI32Const, returned, opReturn)
	case stepTailCall:
		e.put(opLocalGet, spLocal)
		e.putDirect()
		e.putNumber(opCall, in.callee)
		if e.resume {
			e.asGoHasIt()
		}
		e.put(opReturn)
	case stepPlainCall:
		if e.plain(in.callee) {
			e.putNumber(opCall, in.callee)
			return
		}
		e.put(opLocalGet, spLocal, opGlobalSet, spGlobal)
		e.putNumber(opCall, in.callee)
		e.put(opGlobalGet, spGlobal, opLocalGet, spLocal, opI32Ne, opIf, void, opUnreachable, opElse, opEnd)
	case stepSureCall:
		e.push(in)
		e.put(opIf, void, opUnreachable, opElse, opEnd)
	case stepDieIf:
		e.branch(opBrIf, label{dying, len(e.dying)})
		e.dying = append(e.dying, in)
	}
}

// push stores the return address and calls.
func (e *emitter) push(in instruction) {
	e.putNumber(opLocalGet, e.f.below())
	e.put(in.raw...)
	if in.callee != indirect {
		e.putNumber(opLocalGet, e.f.below())
		e.putDirect()
		e.putNumber(opCall, in.callee)
		return
	}
	e.put(opLocalSet, entryLocal)
	e.putNumber(opLocalGet, e.f.below())
	e.putDirect()
	e.put(opLocalGet, entryLocal, opCallIndirect, goType, 0)
}

// putDirect makes the parameter of a direct call of a stack pointer.
func (e *emitter) putDirect() {
	e.putConst(entries)
	e.put(opI32Add)
}

// entrance is for who keeps to Go's convention: package runtime, when it lets a
// goroutine run, and the few functions that are as they were.
func (e *emitter) entrance() {
	e.put(opLocalGet, entryLocal, opIf, void)
	if e.slow != 0 {
		e.put(opLocalGet, entryLocal)
		e.putNumber(opCall, e.slow)
		e.put(opReturn, opElse)
	} else {
		e.put(opUnreachable, opElse)
	}
	e.put(opEnd, opGlobalGet, spGlobal, opLocalTee, spLocal)
	e.putDirect()
	e.putNumber(opCall, e.number)
	e.asGoHasIt()
}

// asGoHasIt turns the result of a direct call with this body's stack pointer
// into what Go's convention has.
func (e *emitter) asGoHasIt() {
	e.putNumber(opLocalTee, e.result())
	e.put(opI32Eqz, opIf, void)
	e.put(opLocalGet, spLocal, opI32Const, 8, opI32Add, opGlobalSet, spGlobal, opElse, opEnd)
	e.putNumber(opLocalGet, e.result())
	e.put(opI32Const, leaving, opI32Eq)
}

// adapter returns a body, for a function that is as it was and now has another
// number, that can be called directly, too.
func adapter(function int) []byte {
	e := &emitter{}
	e.put(0) // no locals
	e.put(opLocalGet, 0)
	e.putConst(entries)
	e.put(opI32LtU, opIf, void, opLocalGet, 0)
	e.putNumber(opCall, function)
	e.put(opReturn, opElse, opEnd)
	e.put(opLocalGet, 0)
	e.putConst(entries)
	e.put(opI32Sub, opLocalTee, 0, opGlobalSet, spGlobal, opI32Const, 0)
	e.putNumber(opCall, function)
	e.put(opIf, void, opI32Const, leaving, opReturn, opElse, opEnd)
	e.put(opGlobalGet, spGlobal, opLocalGet, 0, opI32Const, 8, opI32Add, opI32Ne, opI32Const, 1, opI32Shl, opEnd)
	return e.out
}
