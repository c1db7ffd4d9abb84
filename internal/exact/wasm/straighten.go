package wasm

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
)

//go:embed *.go
var sources embed.FS

// Version names what Straighten makes of a module, for caches: it changes with
// this package.
func Version() string {
	sum := sha256.New()
	files, err := sources.ReadDir(".")
	for _, f := range files {
		source, e := sources.ReadFile(f.Name())
		err = errors.Join(err, e)
		sum.Write(source)
	}
	if err != nil {
		panic(fmt.Sprintf("wasm: reading what is embedded: %v", err))
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

// Sections that matter here, by the core specification's numbers.
const (
	importSection   = 2
	functionSection = 3
	exportSection   = 7
	codeSection     = 10
)

// section is a part of a module.
type section struct {
	id   byte
	body []byte
}

const headLength = 8 // of a module: magic number, version

// module is one taken apart.
type module struct {
	sections []section
	imported int   // functions
	types    []int // of the functions that it has itself
	exported map[int]bool
	original [][]byte // of these, the bodies
	bodies   [][]byte // and what they become, with new ones
}

// Straighten returns a module that does the same and that wazero makes faster
// machine code of. It expects what the Go linker writes; functions that have
// another form than the usual stay as they are. The functions of the module
// keep their numbers, since return addresses are made of them; new ones come
// behind. The same module gives the same result.
func Straighten(code []byte) (straight []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("straightening the module: %v", r)
		}
	}()
	if len(code) < headLength {
		return nil, errors.New("straightening the module: it is empty")
	}
	m := &module{exported: make(map[int]bool)}
	for in := (&Reader{code[headLength:]}); len(in.Rest) > 0; {
		s := section{id: in.Byte()}
		s.body = in.Bytes(in.Number())
		m.sections = append(m.sections, s)
		switch body := (&Reader{s.body}); s.id {
		case importSection:
			m.imported = body.Number() // functions, see package exact
		case functionSection:
			for range body.Number() {
				m.types = append(m.types, body.Number())
			}
		case exportSection:
			for range body.Number() {
				body.Text()
				kind, number := body.Byte(), body.Number()
				m.exported[number] = m.exported[number] || kind == 0 // a function
			}
		case codeSection:
			for range body.Number() {
				m.original = append(m.original, body.Bytes(body.Number()))
			}
		}
	}
	m.straighten()
	return m.assemble(code[:headLength]), nil
}

// goType is the type of functions that keep to Go's convention: the Go linker
// writes it first.
const goType = 0

// straighten makes the new bodies. When it understands no function, nobody calls
// directly, and everything stays as it is.
func (m *module) straighten() {
	m.bodies = slices.Clone(m.original)
	some := false
	for i, body := range m.original {
		if m.types[i] != goType {
			continue
		}
		f, added := m.understood(body), m.imported+len(m.bodies)
		if f == nil && m.exported[m.imported+i] {
			continue // its parameter may be anything
		}
		if f == nil {
			m.bodies = append(m.bodies, body)
			m.bodies[i] = adapter(added)
			continue
		}
		some = true
		e := newEmitter(f)
		e.number, e.plain = m.imported+i, m.plain
		if f.resumable {
			e.slow = added
			resumed := newEmitter(m.understood(body))
			resumed.resume, resumed.plain = true, m.plain
			m.bodies = append(m.bodies, resumed.resumedBody())
		}
		m.bodies[i] = e.directBody()
	}
	if !some {
		m.bodies = m.original
	}
	m.types = append(m.types, make([]int, len(m.bodies)-len(m.types))...) // all of goType
}

// understood takes a body apart; nil if it has another form than the usual, or
// calls in Go's convention what does not keep to it.
func (m *module) understood(body []byte) *function {
	f := parse(body)
	if f == nil || !f.balanced() {
		return nil
	}
	for _, s := range f.segments {
		for _, in := range s.code {
			switch in.op {
			case stepCall, stepTailCall, stepSureCall, stepDieIf:
				if in.callee != indirect && (in.callee < m.imported || m.types[in.callee-m.imported] != goType || m.exported[in.callee]) {
					return nil
				}
			}
		}
	}
	return f
}

func (m *module) assemble(head []byte) []byte {
	out := append([]byte{}, head...)
	for _, s := range m.sections {
		switch s.id {
		case functionSection:
			s.body = appendNumber(nil, len(m.types))
			for _, t := range m.types {
				s.body = appendNumber(s.body, t)
			}
		case codeSection:
			s.body = appendNumber(nil, len(m.bodies))
			for _, b := range m.bodies {
				s.body = append(appendNumber(s.body, len(b)), b...)
			}
		}
		out = append(appendNumber(append(out, s.id), len(s.body)), s.body...)
	}
	return out
}

// plain says that a function with a convention of its own neither calls another
// one nor knows of the stack pointer.
func (m *module) plain(number int) bool {
	if number < m.imported || m.types[number-m.imported] == goType {
		return false
	}
	in := &Reader{m.original[number-m.imported]}
	for range in.Number() {
		in.Number()
		in.Byte()
	}
	for len(in.Rest) > 0 {
		switch i := in.instruction(); i.op {
		case opCall, opCallIndirect, stepUnknown:
			return false
		case opGlobalGet, opGlobalSet:
			if i.arg == spGlobal {
				return false
			}
		}
	}
	return true
}
