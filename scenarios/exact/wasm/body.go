package wasm

// own is how many locals a direct body has for itself.
func (e *emitter) own() int {
	if e.resume {
		return 0
	}
	return 1
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
	e.put(opLocalGet, entryLocal, opLocalSet, spLocal)
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
	e.put(opEnd)
	return e.function(e.own())
}

// afterCall is where a call did not just return. Somebody who moved goes on in
// the resumed body, behind the call.
func (e *emitter) afterCall() {
	e.putNumber(opLocalGet, e.result())
	e.put(opI32Const, leaving, opI32Eq, opIf, void, opI32Const, leaving, opReturn, opElse, opEnd)
	e.put(opI32Const, moved, opLocalGet, entryLocal)
	e.putNumber(opCall, e.slow)
	e.put(opI32Sub) // which returns 0, or 1 for leaving
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
		e.putNumber(opCall, e.number(in.callee))
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
		e.putNumber(opCall, e.number(in.callee))
		return
	}
	e.putConst(e.shift)
	e.put(opI32Add, opLocalSet, entryLocal)
	e.putNumber(opLocalGet, e.f.below())
	e.put(opLocalGet, entryLocal)
	e.put(opCallIndirect, goType, 0)
}

// callAndReturn calls, and leaves the body unless the call just returned.
func (e *emitter) callAndReturn(in instruction) {
	e.push(in)
	e.putNumber(opLocalTee, e.result())
	e.putConst(int(in.arg))
	e.put(opLocalSet, entryLocal)
	e.branch(opBrIf, label{kind: after})
}

// entrance returns what stands under the number of a function with a direct
// body: who calls by way of the table keeps to Go's convention.
func entrance(direct, slow int) []byte {
	e := &emitter{}
	e.put(1, 1, i32) // a local for the result
	e.put(opLocalGet, entryLocal, opIf, void)
	if slow != 0 {
		e.put(opLocalGet, entryLocal)
		e.putNumber(opCall, slow)
		e.put(opReturn, opElse)
	} else {
		e.put(opUnreachable, opElse)
	}
	e.put(opEnd, opGlobalGet, spGlobal, opLocalTee, entryLocal)
	e.putNumber(opCall, direct)
	e.put(opLocalTee, 1, opI32Eqz, opIf, void)
	e.put(opLocalGet, entryLocal, opI32Const, 8, opI32Add, opGlobalSet, spGlobal, opI32Const, 0, opReturn, opElse, opEnd)
	e.put(opLocalGet, 1, opI32Const, leaving, opI32Eq, opEnd)
	return e.out
}

// adapter returns a direct body for a function that keeps to Go's convention.
func adapter(function int) []byte {
	e := &emitter{}
	e.put(0) // no locals
	e.put(opLocalGet, 0, opGlobalSet, spGlobal, opI32Const, 0)
	e.putNumber(opCall, function)
	e.put(opIf, void, opI32Const, leaving, opReturn, opElse, opEnd)
	e.put(opGlobalGet, spGlobal, opLocalGet, 0, opI32Const, 8, opI32Add, opI32Ne, opI32Const, 1, opI32Shl, opEnd)
	return e.out
}
