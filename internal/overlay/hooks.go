package overlay

import _ "embed"

//go:embed hooks/preempt.go.txt
var preempt []byte

//go:embed hooks/machine.go.txt
var machine []byte

// Preemption returns a file that adds to package runtime what decides about
// preemption.
func Preemption() map[string][]byte {
	return map[string][]byte{"runtime/seatrial_preempt.go": preempt}
}

// Machine returns a file that adds to package runtime what takes the machine's
// place in a program of one thread: one processor, the clock's counter, and bytes
// of chance from the runtime's own generator.
func Machine() map[string][]byte {
	return map[string][]byte{"runtime/seatrial_machine.go": machine}
}
