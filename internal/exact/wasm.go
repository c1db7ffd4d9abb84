package exact

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"

	"github.com/seatrial/seatrial/internal/exact/wasm"
)

// A module as the Go linker writes it keeps its stack pointer and its current
// goroutine in globals that nobody outside can see, and its data in segments
// that are copied at each start. To copy a warm instance, the host needs the
// former, and has no use for the latter. So the module is rewritten before it
// is compiled: every mutable global gets an export, data moves to the host.

// prepared is a module prepared for running.
type prepared struct {
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
func prepare(module []byte) (p *prepared, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: it ends in the middle", errNoModule)
		}
	}()
	if !bytes.HasPrefix(module, wasmMagic) {
		return nil, errNoModule
	}
	p = &prepared{code: append(make([]byte, 0, len(module)), wasmMagic...)}
	in := &wasm.Reader{Rest: module[len(wasmMagic):]}
	for len(in.Rest) > 0 {
		id, body := in.Byte(), in.Bytes(in.Number())
		switch id {
		case importSection:
			err = p.checkImports(&wasm.Reader{Rest: body})
		case globalSection:
			err = p.findGlobals(&wasm.Reader{Rest: body})
		case exportSection:
			body = p.addExports(&wasm.Reader{Rest: body})
		case dataSection:
			err = p.takeData(&wasm.Reader{Rest: body})
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
func (p *prepared) checkImports(in *wasm.Reader) error {
	for range in.Number() {
		module, name := in.Text(), in.Text()
		if in.Byte() != funcKind {
			return fmt.Errorf("%w: it imports %s.%s, which is not a function", errNoModule, module, name)
		}
		in.Number() // type
		if module != "wasi_snapshot_preview1" {
			return fmt.Errorf("the module needs %s.%s of its host, which is not wasip1's", module, name)
		}
	}
	return nil
}

// findGlobals names the mutable globals. Each is: type, mutability, a constant
// instruction with its operand, end.
func (p *prepared) findGlobals(in *wasm.Reader) error {
	const mutable, constI32, constI64, end = 1, 0x41, 0x42, 0x0b
	for i := range in.Number() {
		in.Byte() // type
		if in.Byte() != mutable {
			return fmt.Errorf("%w: global %d is a constant", errNoModule, i)
		}
		if op := in.Byte(); op != constI32 && op != constI64 {
			return fmt.Errorf("%w: global %d begins with instruction %#x", errNoModule, i, op)
		}
		in.Number()
		if in.Byte() != end {
			return fmt.Errorf("%w: global %d has no constant value", errNoModule, i)
		}
		p.globals = append(p.globals, "seatrial_global_"+strconv.Itoa(i))
	}
	return nil
}

func (p *prepared) addExports(in *wasm.Reader) []byte {
	n := in.Number()
	out := binary.AppendUvarint(nil, uint64(n+len(p.globals)))
	out = append(out, in.Rest...)
	for range n {
		if name := in.Text(); name == runExport {
			p.reactor = true
		}
		in.Byte()
		in.Number()
	}
	for i, name := range p.globals {
		out = binary.AppendUvarint(out, uint64(len(name)))
		out = append(append(out, name...), globalKind)
		out = binary.AppendUvarint(out, uint64(i))
	}
	return out
}

// takeData collects the segments: active, at a constant address, in memory 0.
func (p *prepared) takeData(in *wasm.Reader) error {
	const active, constI32, end = 0, 0x41, 0x0b
	for i := range in.Number() {
		if in.Number() != active || in.Byte() != constI32 {
			return fmt.Errorf("%w: data segment %d has no constant address", errNoModule, i)
		}
		address := int(in.Signed())
		if in.Byte() != end {
			return fmt.Errorf("%w: data segment %d has no constant address", errNoModule, i)
		}
		content := in.Bytes(in.Number())
		if missing := address + len(content) - len(p.data); missing > 0 {
			p.data = append(p.data, make([]byte, missing)...)
		}
		copy(p.data[address:], content)
	}
	return nil
}
