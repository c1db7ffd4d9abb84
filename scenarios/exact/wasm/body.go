package wasm

// own is how many locals a direct body has for itself.
func (e *emitter) own() int {
	if e.resume {
		return 0
	}
	return 2
}

// result is the local for how a call ended.
func (e *emitter) result() int { return e.f.below() + 1 }

// directBody returns a body for calls that begin at the beginning.
func (e *emitter) directBody() []byte {
	f := e.f
	jumps := f.order()
	e.root = findRegions(0, len(f.segments)-1, false, jumps)
	for _, j := range jumps {
		e.root.expect(j)
	}
	e.pointers, e.valid = make(map[int64]int), make(map[int64]bool)
	e.open(opBlock, label{kind: entered})
	e.put(opLocalGet, entryLocal)
	e.putConst(entries)
	e.put(opI32LtU)
	e.branch(opBrIf, label{kind: entered})
	e.put(opLocalGet, entryLocal)
	e.putConst(entries)
	e.put(opI32Sub, opLocalSet, spLocal)
	e.put(f.setBelow().raw...)
	if e.slow != 0 {
		e.open(opBlock, label{kind: after})
	}
	calls := 0
	for _, s := range f.segments {
		for _, in := range s.code {
			if in.op == stepDieIf {
				calls++
			}
		}
	}
	for i := range calls {
		e.open(opBlock, label{dying, calls - 1 - i})
	}
	e.checkFixed(e.root)
	e.region(e.root)
	e.put(opUnreachable)
	for _, call := range e.dying {
		e.close()
		e.push(call)
		e.put(opI32Const, leaving, opI32Ne, opIf, void, opUnreachable, opEnd, opI32Const, leaving, opReturn)
	}
	if e.slow != 0 {
		e.close()
		e.afterCall()
	}
	e.close()
	e.entrance()
	e.put(opEnd)
	return e.function(e.own())
}

// checkFixed makes wazero check, once, what a region uses of fixed addresses.
func (e *emitter) checkFixed(r *region) {
	var all fixed
	for _, s := range e.f.segments[r.first : r.last+1] {
		all.count, all.end = all.count+s.fixed.count, max(all.end, s.fixed.end)
	}
	if all.count > 1 {
		e.check(e.f.zero(), all.end)
	}
}

// afterCall is where a call did not just return. Somebody who moved goes on in
// the resumed body, behind the call.
func (e *emitter) afterCall() {
	e.putNumber(opLocalGet, e.result())
	e.put(opI32Const, leaving, opI32Eq, opIf, void, opI32Const, leaving, opReturn, opElse, opEnd)
	e.put(opI32Const, moved, opLocalGet, entryLocal)
	e.putNumber(opCall, e.slow)
	e.put(opI32Sub, opReturn) // 1 is leaving for both
}

// step writes a step of a direct body.
func (e *emitter) step(in instruction) {
	switch in.op {
	case stepFrame:
		e.put(opLocalGet, spLocal)
		e.putConst(int(in.arg))
		e.put(opI32Sub, opLocalSet, spLocal)
		e.put(e.f.setBelow().raw...)
	case stepReturn:
		e.put(opI32Const, returned, opReturn)
	case stepTailCall:
		e.put(opLocalGet, spLocal)
		e.putDirect()
		e.putNumber(opCall, in.callee)
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

// callAndReturn calls, and leaves the body unless the call just returned.
func (e *emitter) callAndReturn(in instruction) {
	e.push(in)
	e.putNumber(opLocalTee, e.result())
	e.putConst(int(in.arg))
	e.put(opLocalSet, entryLocal)
	e.branch(opBrIf, label{kind: after})
}

// entrance is for who keeps to Go's convention: package runtime, when it lets a
// goroutine run, the few functions that are as they were, and resumed bodies.
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
	e.putNumber(opLocalTee, e.result())
	e.put(opI32Eqz, opIf, void)
	e.put(opLocalGet, spLocal, opI32Const, 8, opI32Add, opGlobalSet, spGlobal, opI32Const, 0, opReturn, opElse, opEnd)
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
