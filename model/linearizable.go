package model

import (
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/anishathalye/porcupine"
)

// linearizableBudget bounds the steps that one partition of a custom model may
// take.
const linearizableBudget = 1 << 20

// Linearizable makes a property of a porcupine model over the clients' history.
// operations reads the history as operations of the model; their times are best
// taken from [Operation]. m.Partition, if given, splits them as usual.
//
// A search that takes more than 1,048,576 steps of the model for one partition
// is undecided, never held; steps do not depend on the machine, seconds would.
// So is a history that operations cannot read.
func Linearizable(name, sentence string, m porcupine.Model, operations func(*History) ([]porcupine.Operation, error)) Property {
	return Property{
		Name: name, Sentence: sentence, Source: "Herlihy and Wing, Linearizability (1990); porcupine", Class: ClassSafety,
		Check: func(h *History) Result {
			list, err := operations(h)
			if err != nil {
				return Undecide(err.Error())
			}
			return checkLinearizable(m, list)
		},
	}
}

// Operation is a call as an operation of a porcupine model: from its CallSeq to
// its ReturnSeq, which order what has the same virtual time. A call whose effect
// its client cannot know may take effect until the end of time, so it returns
// at [math.MaxInt64]; the model has to take its output for unknown.
func (c *Call) Operation(client int, input, output any) porcupine.Operation {
	return porcupine.Operation{ClientId: client, Input: input, Output: output, Call: int64(c.CallSeq), Return: c.UntilSeq()}
}

func checkLinearizable(m porcupine.Model, list []porcupine.Operation) Result {
	partitions := [][]porcupine.Operation{list}
	if m.Partition != nil {
		partitions = m.Partition(list)
	}
	m.Partition = nil
	result := Holds()
	for _, part := range partitions {
		counted, steps := countSteps(m)
		switch legal := porcupine.CheckOperations(counted, part); {
		case legal:
		case *steps > linearizableBudget:
			result = Undecide(fmt.Sprintf("the search took more than %d steps of the model", linearizableBudget))
		default:
			return illegal(m, part)
		}
	}
	return result
}

// countSteps makes every step fail once the budget is spent, which ends the
// search soon; its answer is then not used.
func countSteps(m porcupine.Model) (porcupine.Model, *int) {
	steps, step := new(int), m.Step
	m.Step = func(state, input, output any) (bool, any) {
		if *steps++; *steps > linearizableBudget {
			return false, state
		}
		return step(state, input, output)
	}
	return m, steps
}

// illegal names the first answer that no order explains: prefixes of legal
// histories are legal, so the shortest illegal one ends with it.
func illegal(m porcupine.Model, part []porcupine.Operation) Result {
	var ends []int64
	for _, o := range part {
		if o.Return != math.MaxInt64 {
			ends = append(ends, o.Return)
		}
	}
	slices.Sort(ends)
	at, _ := slices.BinarySearchFunc(ends, false, func(end int64, _ bool) int {
		counted, steps := countSteps(m)
		if porcupine.CheckOperations(counted, until(part, end)) || *steps > linearizableBudget {
			return -1
		}
		return 0
	})
	end := int64(math.MaxInt64)
	if at < len(ends) {
		end = ends[at]
	}
	prefix := until(part, end)
	text := "no order of the operations explains what clients were told"
	culprit := Culprit{Text: text}
	for _, o := range prefix {
		if o.Return == end && end != math.MaxInt64 {
			culprit.Seq = uint64(end)
			text = fmt.Sprintf("no order of the operations explains %s", describe(m, o))
		}
	}
	result := Breach(text, culprit)
	result.Visualize = func(w io.Writer) error {
		_, info := porcupine.CheckOperationsVerbose(m, prefix, 0)
		return porcupine.Visualize(m, info, w)
	}
	return result
}

// until is the history as it was at a moment: what had been called, with what
// had not yet returned still under way.
func until(part []porcupine.Operation, end int64) []porcupine.Operation {
	var out []porcupine.Operation
	for _, o := range part {
		if o.Call <= end && o.Return <= end {
			out = append(out, o)
		}
	}
	return out
}

func describe(m porcupine.Model, o porcupine.Operation) string {
	if m.DescribeOperation != nil {
		return m.DescribeOperation(o.Input, o.Output)
	}
	return fmt.Sprintf("%v -> %v", o.Input, o.Output)
}
