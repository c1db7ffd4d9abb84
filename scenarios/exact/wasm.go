package exact

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
)

// A module as the Go linker writes it keeps its stack pointer and its current
// goroutine in globals that nobody outside can see, and its data in segments
// that are copied at each start. To copy a warm instance, the host needs the
// former, and has no use for the latter. So the module is rewritten before it
// is compiled: every mutable global gets an export, data moves to the host.

// program is a module prepared for running.
type program struct {
	code    []byte   // the rewritten module
	data    []byte   // initial memory, from address 0
	globals []string // export names of all mutable globals
	reactor bool     // has exports warmExport and runExport
}

// Exports of a reactor built by [Build].
const (
	initialiseExport = "_initialize"
	warmExport       = "seatrial_warm"
	runExport        = "seatrial_run"
)

// Sections of a module that matter here, by the core specification's numbers.
const (
	importSection = 2
	globalSection = 6
	exportSection = 7
	dataSection   = 11
)

// Import and export kinds.
const (
	funcKind   = 0
	globalKind = 3
)

var wasmMagic = []byte("\x00asm\x01\x00\x00\x00")

var errNoModule = errors.New("not a WebAssembly module as the Go linker writes it")

// prepare rewrites a module. It expects what the Go linker writes and says so
// when it meets anything else.
func prepare(module []byte) (p *program, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: it ends in the middle", errNoModule)
		}
	}()
	if !bytes.HasPrefix(module, wasmMagic) {
		return nil, errNoModule
	}
	p = &program{code: append(make([]byte, 0, len(module)), wasmMagic...)}
	in := &reader{rest: module[len(wasmMagic):]}
	for len(in.rest) > 0 {
		id, body := in.byte(), in.bytes(in.number())
		switch id {
		case importSection:
			err = p.checkImports(&reader{rest: body})
		case globalSection:
			err = p.findGlobals(&reader{rest: body})
		case exportSection:
			body = p.addExports(&reader{rest: body})
		case dataSection:
			err = p.takeData(&reader{rest: body})
			body = []byte{0}
		}
		if err != nil {
			return nil, err
		}
		p.code = append(p.code, id)
		p.code = binary.AppendUvarint(p.code, uint64(len(body)))
		p.code = append(p.code, body...)
	}
	if p.globals == nil || p.data == nil {
		return nil, errNoModule
	}
	return p, nil
}

// checkImports makes sure that only functions come from outside: an imported
// global would shift the numbers of the others.
func (p *program) checkImports(in *reader) error {
	for range in.number() {
		module, name := in.text(), in.text()
		if in.byte() != funcKind {
			return fmt.Errorf("%w: it imports %s.%s, which is not a function", errNoModule, module, name)
		}
		in.number() // type
		if module != "wasi_snapshot_preview1" {
			return fmt.Errorf("the module needs %s.%s of its host, which is not wasip1's", module, name)
		}
	}
	return nil
}

// findGlobals names the mutable globals. Each is: type, mutability, a constant
// instruction with its operand, end.
func (p *program) findGlobals(in *reader) error {
	const mutable, constI32, constI64, end = 1, 0x41, 0x42, 0x0b
	for i := range in.number() {
		in.byte() // type
		if in.byte() != mutable {
			return fmt.Errorf("%w: global %d is a constant", errNoModule, i)
		}
		if op := in.byte(); op != constI32 && op != constI64 {
			return fmt.Errorf("%w: global %d begins with instruction %#x", errNoModule, i, op)
		}
		in.number()
		if in.byte() != end {
			return fmt.Errorf("%w: global %d has no constant value", errNoModule, i)
		}
		p.globals = append(p.globals, "seatrial_global_"+strconv.Itoa(i))
	}
	return nil
}

func (p *program) addExports(in *reader) []byte {
	n := in.number()
	out := binary.AppendUvarint(nil, uint64(n+len(p.globals)))
	out = append(out, in.rest...)
	for range n {
		if name := in.text(); name == runExport {
			p.reactor = true
		}
		in.byte()
		in.number()
	}
	for i, name := range p.globals {
		out = binary.AppendUvarint(out, uint64(len(name)))
		out = append(append(out, name...), globalKind)
		out = binary.AppendUvarint(out, uint64(i))
	}
	return out
}

// takeData collects the segments: active, at a constant address, in memory 0.
func (p *program) takeData(in *reader) error {
	const active, constI32, end = 0, 0x41, 0x0b
	for i := range in.number() {
		if in.number() != active || in.byte() != constI32 {
			return fmt.Errorf("%w: data segment %d has no constant address", errNoModule, i)
		}
		address := in.signed()
		if in.byte() != end {
			return fmt.Errorf("%w: data segment %d has no constant address", errNoModule, i)
		}
		content := in.bytes(in.number())
		if missing := address + len(content) - len(p.data); missing > 0 {
			p.data = append(p.data, make([]byte, missing)...)
		}
		copy(p.data[address:], content)
	}
	return nil
}

// reader decodes a module. It panics at its end, which prepare turns into an error.
type reader struct{ rest []byte }

func (r *reader) byte() byte {
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

func (r *reader) bytes(n int) []byte {
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) text() string { return string(r.bytes(r.number())) }

// number is an unsigned LEB128, which is what encoding/binary calls a uvarint.
func (r *reader) number() int {
	v, n := binary.Uvarint(r.rest)
	r.rest = r.rest[n:]
	return int(v)
}

// signed is a LEB128 of an address; linear memory below 2 GiB has no negative ones.
func (r *reader) signed() int {
	v, shift := 0, 0
	for {
		b := r.byte()
		v |= int(b&0x7f) << shift
		shift += 7
		if b < 0x80 {
			return v
		}
	}
}
