// Command shapes prints results of code in all the shapes that the compiler
// makes differently for wasm: loops in loops, jumps into them, calls that are
// resumed, panics in the middle, stacks that grow, shrink and move. Nothing
// in it depends on chance or on the machine.
package main

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"runtime/debug"
	"slices"
	"sort"
	"strconv"
	"strings"
)

func main() {
	fmt.Println("loops", loops(7), tangle(1), tangle(2), tangle(3))
	fmt.Println("switch", choices())
	fmt.Println("panics", panics())
	fmt.Println("resumed", resumed(50))
	fmt.Println("stack", stack(4000, [16]int{1, 2, 3}), shrink())
	fmt.Println("numbers", numbers())
	fmt.Println("pointers", pointers())
	fmt.Println("functions", functions())
	fmt.Println("strings", compared())
	fmt.Println("reflected", reflected())
	fmt.Println("barriers", barriers())
	fmt.Println("lines", lines())
	if len(os.Args) > 1 {
		var none *node
		fmt.Println(none.next.value)
	}
}

func loops(n int) (sum int) {
outer:
	for i := range n {
		for j := i; ; j++ {
			switch {
			case j%5 == 4:
				continue outer
			case i*j > 30:
				break outer
			}
			for k := n; k > j; k -= 2 {
				sum += k * i
			}
		}
	}
	return sum
}

// tangle has a loop with two ways in.
func tangle(n int) (trace string) {
	if n == 1 {
		goto one
	}
	if n == 2 {
		goto two
	}
zero:
	trace += "0"
one:
	trace += strconv.Itoa(len(trace))
	for i := range n {
		if i == 2 {
			goto two
		}
		trace += "."
	}
two:
	trace += "2"
	if len(trace) < 12 {
		if len(trace)%2 == 0 {
			goto zero
		}
		goto one
	}
	return trace
}

func choices() (out []string) {
	for _, v := range []any{1, "two", 3.5, nil, []int{4}, errors.New("five"), int8(-6), node{value: 7}} {
		switch v := v.(type) {
		case int, int8:
			out = append(out, fmt.Sprint("int ", v))
		case string:
			switch v {
			case "one", "three":
				out = append(out, "odd")
			case "two":
				out = append(out, "even")
				fallthrough
			default:
				out = append(out, "string")
			}
		case error:
			out = append(out, v.Error())
		case fmt.Stringer:
			out = append(out, v.String())
		default:
			out = append(out, fmt.Sprintf("%T", v))
		}
	}
	return out
}

func panics() (out []string) {
	var none *node
	list := []int{1}
	for i, f := range []func() int{
		func() int { return none.value },
		func() int { return list[len(os.Args)+5] },
		func() int { return 1 / (len(list) - 1) },
		func() int { panic("mine") },
		func() int { return any(list).(fmt.Stringer).(node).value },
		func() int { return len(list) },
	} {
		out = append(out, caught(i, f))
	}
	return out
}

func caught(i int, f func() int) (result string) {
	defer func() {
		if r := recover(); r != nil {
			result = fmt.Sprintf("%d: %v", i, r)
		}
	}()
	for range 3 {
		defer func() { result += "!" }()
	}
	return strconv.Itoa(f())
}

// resumed passes numbers through a line of goroutines.
func resumed(n int) (sum int) {
	in := make(chan int)
	last := in
	for i := range n {
		out := make(chan int)
		go func(in <-chan int) {
			defer close(out)
			for v := range in {
				if v%7 == i%7 {
					runtime.Gosched()
				}
				out <- v + i
			}
		}(last)
		last = out
	}
	go func() {
		for v := range n {
			in <- v
		}
		close(in)
	}()
	for v := range last {
		sum = sum*31%1000003 + v
	}
	return sum
}

func stack(depth int, frame [16]int) int {
	if depth == 0 {
		return frame[0]
	}
	at := &frame[depth%16]
	*at += depth
	below := stack(depth-1, frame)
	if depth%1000 == 0 {
		runtime.GC()
	}
	return (below*3 + *at) % 1000003
}

// shrink lets stacks become small while they are in use.
func shrink() (sum int) {
	results := make(chan int)
	for i := range 5 {
		go func() {
			sum := 0
			for range 3 {
				sum += stack(900, [16]int{i})
				runtime.GC()
				sum += shallow(20, &sum)
			}
			results <- sum
		}()
	}
	for range 5 {
		sum += <-results
	}
	return sum
}

func shallow(depth int, sum *int) int {
	if depth == 0 {
		runtime.GC()
		runtime.Gosched()
		return *sum % 97
	}
	mine := depth
	return shallow(depth-1, &mine) + mine
}

func numbers() string {
	var i8 int8 = -128
	var u16 uint16 = 65535
	f, big := 1e10/3, uint64(1)<<63
	i8, u16 = -i8-1, u16*u16
	for i := range 20 {
		f = f/1.7 - float64(i)
		big = big>>3 ^ big<<7*uint64(i)
	}
	return fmt.Sprint(i8, u16, f, big, int64(f*1e9), int32(big), 7/-2, -7%3, f > 0, f != f)
}

type node struct {
	value      int
	next, prev *node
	name       [24]byte
	tail       int16
}

func (n node) String() string { return "node " + strconv.Itoa(n.value) + string(n.name[:2]) }

func pointers() string {
	first := &node{value: 1, tail: -1}
	for i := range 10 {
		n := &node{value: i * first.value, next: first, tail: int16(i) + first.tail}
		copy(n.name[:], "abcdefghijklmnop"[i%5:])
		first.prev, first = n, n
	}
	var out strings.Builder
	for n := first; n != nil; n = n.next {
		n.value, n.tail = int(n.tail)+n.value, int16(n.value)
		if n.prev != nil {
			n.name = n.prev.name
		}
		fmt.Fprint(&out, *n, n.tail, " ")
	}
	return out.String()
}

func functions() (out []int) {
	counter := 0
	add := func(n int) func() int { return func() int { counter += n; return counter } }
	fs := []func() int{add(1), add(10), (&node{value: 3}).double}
	for i := range 6 {
		out = append(out, fs[i%3]())
	}
	sort.Slice(out, func(i, j int) bool { return out[i]%10 > out[j]%10 || out[i]%10 == out[j]%10 && out[i] > out[j] })
	for v := range slices.Backward(out) {
		if v == 1 {
			break
		}
		counter += v
	}
	return append(out, counter)
}

func (n *node) double() int { n.value *= 2; return n.value }

// compared calls functions that have a convention of their own.
func compared() (out []string) {
	counts := make(map[string]int)
	for i := range 40 {
		counts[strings.Repeat("ab", i%7)+strconv.Itoa(i%3)]++
	}
	for word, n := range counts {
		if strings.HasPrefix(word, "ab") && strings.IndexByte(word, '1') > 0 {
			out = append(out, word+strconv.Itoa(n))
		}
	}
	slices.Sort(out)
	return append(out, strconv.Itoa(strings.Compare(out[0], out[1])))
}

type outer struct{ *inner }

type inner struct{ sum int }

func (i *inner) Add(n int, words ...string) (int, string) {
	i.sum += n
	if n == 13 {
		runtime.Gosched()
	}
	return i.sum, strings.Join(words, "+")
}

// reflected calls by reflection, and methods by way of wrappers that do not return
// to where they were called.
func reflected() (out []any) {
	var add interface {
		Add(int, ...string) (int, string)
	} = outer{&inner{}}
	for _, n := range []int{1, 13, 400} {
		sum, _ := add.Add(n)
		results := reflect.ValueOf(add).MethodByName("Add").Call([]reflect.Value{reflect.ValueOf(n), reflect.ValueOf("x"), reflect.ValueOf("y")})
		out = append(out, sum, results[0].Int(), results[1].String())
	}
	swap := reflect.MakeFunc(reflect.TypeFor[func(int, string) (string, int)](), func(in []reflect.Value) []reflect.Value {
		runtime.Gosched()
		return []reflect.Value{in[1], in[0]}
	}).Interface().(func(int, string) (string, int))
	word, n := swap(7, "seven")
	return append(out, word, n)
}

// barriers stores pointers while garbage is collected, and lets stacks shrink
// below functions that are at work.
func barriers() (sum int) {
	defer debug.SetGCPercent(debug.SetGCPercent(1))
	tree := new(node)
	for i := range 3000 {
		sum = (sum + stack(i%50, [16]int{i})) % 1000003
		at := tree
		for bit := i; bit > 0; bit >>= 1 {
			branch := &at.next
			if bit&1 == 1 {
				branch = &at.prev
			}
			if *branch == nil {
				*branch = &node{value: i}
			}
			at = *branch
		}
		at.value += i
	}
	return sum + tree.count()
}

func (n *node) count() int {
	if n == nil {
		return 0
	}
	return n.value%7 + 3*n.next.count() + n.prev.count()
}

// lines are those of calls: what a stack trace shows.
func lines() (out []int) {
	callers := make([]uintptr, 8)
	func() { callers = callers[:runtime.Callers(1, callers)] }()
	frames := runtime.CallersFrames(callers)
	for {
		frame, more := frames.Next()
		if !strings.HasPrefix(frame.Function, "main.") {
			return out
		}
		out = append(out, frame.Line)
		if !more {
			return out
		}
	}
}
