package wasm

import "slices"

// jump leads from one segment to the beginning of another.
type jump struct{ from, to int }

// order puts the segments that can be reached from the first one into reverse
// postorder, in which only loops jump back, and returns all jumps. It is the
// order that lets wazero see a value's origin before its use.
func (f *function) order() []jump {
	next := make([][]int, len(f.segments))
	for i, s := range f.segments {
		for _, in := range s.code {
			if in.op == stepJump {
				next[i] = append(next[i], int(in.arg))
			}
		}
		if f.fallsThrough(i) {
			next[i] = append(next[i], i+1) // last, so that it comes to stand behind
		}
	}
	sequence := postorder(next)
	slices.Reverse(sequence)
	place := make([]int, len(f.segments))
	for i, old := range sequence {
		place[old] = i
	}
	var jumps []jump
	ordered := make([]segment, len(sequence))
	for i, old := range sequence {
		ordered[i] = f.segments[old]
		for k, in := range ordered[i].code {
			if in.op == stepJump {
				ordered[i].code[k].arg = int64(place[in.arg])
				jumps = append(jumps, jump{i, place[in.arg]})
			}
		}
		if f.fallsThrough(old) && place[old+1] != i+1 {
			ordered[i].next = place[old+1]
			jumps = append(jumps, jump{i, ordered[i].next})
		}
	}
	f.segments = ordered
	return jumps
}

func (f *function) fallsThrough(i int) bool {
	code := f.segments[i].code
	if i == len(f.segments)-1 {
		return false
	}
	if len(code) == 0 {
		return true
	}
	switch code[len(code)-1].op {
	case stepJump, stepLeave, stepReturn, stepTailCall, opReturn, opUnreachable:
		return false
	}
	return true
}

// postorder visits everything that can be reached from 0.
func postorder(next [][]int) []int {
	seen := make([]bool, len(next))
	var order []int
	var visit func(int)
	visit = func(i int) {
		seen[i] = true
		for _, n := range next[i] {
			if !seen[n] {
				visit(n)
			}
		}
		order = append(order, i)
	}
	visit(0)
	return order
}
