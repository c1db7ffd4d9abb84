package wasm

import (
	"maps"
	"slices"
)

// label is something open that a branch can lead to.
type label struct {
	kind    labelKind
	segment int // of blockBefore and loopAt
}

type labelKind int

const (
	blockBefore labelKind = iota // a block that ends before a segment
	loopAt                       // a loop that begins with one
	within                       // opened and closed within a segment
	entered                      // the block to leave a direct body by when it is not called directly
	again                        // the loop by which a resumed body goes on elsewhere
	after                        // the block to leave a body by after a call that did not just return
	dying                        // a block that ends before a call that does not return
)

// emitter writes a body of a function.
type emitter struct {
	f      *function
	root   *region
	resume bool                  // this is the body for who is resumed
	number int                   // of the function
	slow   int                   // the number of that body; 0: nothing is resumed
	plain  func(callee int) bool // has no use for the stack pointer
	dying  []instruction         // calls, for the end of the body
	out    []byte
	labels []label
	// pointers are locals that were made addresses, with the locals that keep
	// those; valid are those that are not out of date.
	pointers map[int64]int
	valid    map[int64]bool
	inner    []conditional
}

func newEmitter(f *function) *emitter {
	return &emitter{f: f, pointers: make(map[int64]int), valid: make(map[int64]bool)}
}

// conditional is what has to be remembered of an open block within a segment.
type conditional struct {
	elseless bool
	valid    map[int64]bool // before it
}

func (e *emitter) put(b ...byte) { e.out = append(e.out, b...) }

func (e *emitter) putNumber(op byte, n int) { e.out = appendNumber(append(e.out, op), n) }

func (e *emitter) putConst(v int) { e.out = appendSigned(append(e.out, opI32Const), int64(v)) }

func (e *emitter) open(op byte, l label) {
	e.put(op, void)
	e.labels = append(e.labels, l)
}

func (e *emitter) close() {
	e.labels = e.labels[:len(e.labels)-1]
	e.put(opEnd)
}

// branch leads to an open label, which is there: else this package is broken.
func (e *emitter) branch(op byte, to label) {
	for i, l := range slices.Backward(e.labels) {
		if l == to {
			e.putNumber(op, len(e.labels)-1-i)
			return
		}
	}
	panic("wasm: a branch to a label that is not open")
}

func (e *emitter) region(r *region) {
	if r.loop {
		clear(e.valid)
		e.open(opLoop, label{loopAt, r.first})
	}
	if r.loop && !e.resume {
		e.checkFrame(r.first, r.last)
	}
	slices.Sort(r.targets)
	for _, t := range slices.Backward(r.targets) {
		e.open(opBlock, label{blockBefore, t})
	}
	if e.resume {
		e.table()
	}
	for _, entry := range r.entries {
		e.put(opLocalGet, entryLocal)
		e.putConst(entry)
		e.put(opI32Eq)
		e.branch(opBrIf, label{blockBefore, r.landing(entry)})
	}
	for s := r.first; s <= r.last; s++ {
		c := r.child(s)
		if c != nil {
			e.choose(c, s)
		}
		if slices.Contains(r.targets, s) {
			e.merge()
		}
		if c != nil {
			e.region(c)
			s = c.last
			continue
		}
		e.segment(s)
	}
	if r.loop {
		e.close()
	}
}

// table leads to all segments: the block of the first is the innermost.
func (e *emitter) table() {
	e.put(opLocalGet, entryLocal)
	e.putNumber(opBrTable, len(e.f.table)-1)
	for _, segment := range e.f.table {
		e.out = appendNumber(e.out, segment)
	}
}

// merge ends a block. Where ways meet, wazero forgets that locals are the same
// on all of them, unless they are set to themselves.
func (e *emitter) merge() {
	clear(e.valid)
	e.close()
	e.same()
}

// same sets to themselves, where ways meet, the locals that were checked.
func (e *emitter) same() {
	locals := []int{spLocal, e.f.below()}
	for pointer := range e.valid {
		locals = append(locals, e.pointers[pointer])
	}
	slices.Sort(locals)
	for _, local := range locals {
		e.putNumber(opLocalGet, local)
		e.putNumber(opLocalSet, local)
	}
}

// choose says where a loop is about to be entered, if it has a choice.
func (e *emitter) choose(loop *region, entry int) {
	if len(loop.entries) > 0 {
		e.putConst(entry)
		e.put(opLocalSet, entryLocal)
	}
}

func (e *emitter) jump(j jump) {
	if e.resume && j.to <= j.from {
		e.putConst(slices.Index(e.f.table, j.to))
		e.put(opLocalSet, entryLocal)
		e.branch(opBr, label{loopAt, 0})
		return
	}
	r := e.root.innermost(j)
	if r.loop && j.to == r.first {
		e.choose(r, j.to)
		e.branch(opBr, label{loopAt, r.first})
		return
	}
	if c := r.child(j.to); c != nil {
		e.choose(c, j.to)
	}
	e.branch(opBr, label{blockBefore, r.landing(j.to)})
}

func (e *emitter) segment(s int) {
	code := e.f.segments[s].code
	moves := func(in instruction) bool { return in.op == stepFrame }
	if e.resume && !slices.ContainsFunc(code, moves) {
		e.checkFrame(s, s)
	}
	for k := 0; k < len(code); k++ {
		in := code[k]
		switch {
		case in.op == stepJump:
			e.jump(jump{s, int(in.arg)})
		case in.op >= stepCall && in.op <= stepDieIf:
			e.step(in)
		case in.op == stepCheckFrame:
			e.checkFrame(0, len(e.f.segments)-1)
		case in.op == opI32Eqz && k+1 < len(code) && code[k+1].is(opIf, void-0x80) && elseless(code[k+1:]):
			k++
			e.enter(code[k], false)
			e.put(opElse)
		case in.opens():
			e.enter(in, in.is(opIf, void-0x80) && elseless(code[k:]))
		case in.op == opElse:
			clear(e.valid)
			e.put(opElse)
		case in.op == opEnd:
			e.leave()
		case (in.op == opLocalGet || in.op == opLocalTee) && k+1 < len(code) && code[k+1].op == opI32WrapI64:
			e.pointer(code, k)
			k++
		default:
			if in.op == opLocalSet || in.op == opLocalTee {
				delete(e.valid, in.arg)
			}
			e.put(in.raw...)
		}
	}
	if next := e.f.segments[s].next; next >= 0 {
		e.jump(jump{s, next})
	}
}

// enter opens a block within a segment.
func (e *emitter) enter(in instruction, elseless bool) {
	e.put(in.raw...)
	e.labels = append(e.labels, label{kind: within})
	e.inner = append(e.inner, conditional{elseless, maps.Clone(e.valid)})
	if in.op == opLoop {
		clear(e.valid)
	}
}

// leave closes it. An else, empty as it may be, is what makes wazero remember
// which addresses it has checked before the if.
func (e *emitter) leave() {
	open := e.inner[len(e.inner)-1]
	e.inner = e.inner[:len(e.inner)-1]
	if open.elseless {
		e.put(opElse)
	}
	e.close()
	maps.DeleteFunc(e.valid, func(pointer int64, _ bool) bool { return !open.valid[pointer] })
	e.same()
}

// elseless says whether the if that code begins with has no else.
func elseless(code []instruction) bool {
	depth := 0
	for _, in := range code {
		switch {
		case in.opens():
			depth++
		case in.op == opElse && depth == 1:
			return false
		case in.op == opEnd:
			if depth--; depth == 0 {
				return true
			}
		}
	}
	return true
}

// checkFrame makes wazero check, once, all that some segments use of the frame.
func (e *emitter) checkFrame(first, last int) {
	frame := int64(0)
	for _, s := range e.f.segments[first : last+1] {
		frame = max(frame, s.frame)
	}
	if frame > 0 {
		e.check(e.f.below(), frame)
	}
}

// check makes wazero check that bytes behind an address are memory: a load
// that nobody uses is nothing but its check.
func (e *emitter) check(local int, bytes int64) {
	e.putNumber(opLocalGet, local)
	e.put(opI32Load8U, 0)
	e.out = appendNumber(e.out, int(bytes-1))
	e.put(opDrop)
}

// pointer makes an address of a pointer, or finds the one that was made before,
// which wazero then need not check again.
func (e *emitter) pointer(code []instruction, k int) {
	in := code[k]
	local, known := e.pointers[in.arg]
	if !known {
		local = e.result() + 1 + len(e.pointers)
		e.pointers[in.arg] = local
	}
	if in.op == opLocalGet && e.valid[in.arg] {
		e.putNumber(opLocalGet, local)
		return
	}
	e.valid[in.arg] = true
	e.put(in.raw...)
	e.put(opI32WrapI64)
	if first, most := reach(code, k, in.arg); in.op == opLocalGet && 0 < first && first < most {
		e.putNumber(opLocalSet, local)
		e.check(local, most)
		e.putNumber(opLocalGet, local)
		return
	}
	e.putNumber(opLocalTee, local)
}

// reach is how far the first load or store by a pointer reaches, from code[k]
// on, and how far those reach that are sure to follow.
func reach(code []instruction, k int, pointer int64) (first, most int64) {
	for ; k < len(code); k++ {
		in := code[k]
		switch {
		case in.op == stepDieIf: // likewise
		case in.op == opIf: // a nil check, and not of this pointer any more
			for depth := 1; depth > 0; {
				k++
				if code[k].opens() {
					depth++
				} else if code[k].op == opEnd {
					depth--
				} else if code[k].op == opElse || code[k].is(opLocalSet, pointer) || code[k].is(opLocalTee, pointer) {
					return first, most
				}
			}
		case in.is(opLocalSet, pointer), in.is(opLocalTee, pointer):
			return first, most
		case in.is(opLocalGet, pointer) && k+1 < len(code) && code[k+1].op == opI32WrapI64:
			if access := addressee(code, k+2); access > 0 {
				most = max(most, code[access].accessEnd())
				if first == 0 {
					first = most
				}
			}
		default:
			if _, _, known := effect(in.op); !known && in.op != opMore {
				return first, most
			}
		}
	}
	return first, most
}
