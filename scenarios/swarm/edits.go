package swarm

import (
	"fmt"
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/sim"
)

// EditorName is the user who lays hands on what the subject made.
const EditorName = "mallory"

// drawEdits draws, for one plan in four of a subject with a baseline, a user who
// edits and deletes what the controller made: with kubectl everybody may. The
// baseline has the same edits, so what becomes of them is for the subject to
// decide, and faults may not change it.
func drawEdits(t *testing.T, subject scenarios.Subject, seed sim.Seed, p *scenarios.Plan, o scenarios.RunOptions) []scenarios.Step {
	d := newDice(seed, "edits")
	if subject.Baseline == nil || !d.Chance(0.25) {
		return nil
	}
	seen := survey(t, subject, o).made
	if len(seen) == 0 {
		return nil
	}
	var steps []scenarios.Step
	for range d.Between(1, 3) {
		m := sim.Pick(d, seen...)
		ref := scenarios.ResourceRef{Resource: m.resource, ObjectRef: scenarios.ObjectRef{Namespace: m.namespace, Name: m.name}}
		if m.owner != "" {
			ref.Name, ref.OwnedBy = "", m.owner
		}
		step := scenarios.Step{At: d.Span(p.Safety/5, p.Safety*9/10), User: EditorName}
		body := edited(d, m.object)
		if body == nil || d.Chance(0.5) {
			step.Action = &scenarios.Delete{ResourceRef: ref, Propagation: "Background"}
		} else {
			step.Action = &scenarios.Patch{ResourceRef: ref, Body: body, MayBeRefused: true}
		}
		steps = append(steps, step)
	}
	return steps
}

// edited changes one plain value in the spec or the data of an object, as a merge
// patch; nil when there is none.
func edited(d dice, object any) map[string]any {
	o, ok := object.(runtime.Object)
	if !ok {
		return nil
	}
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		return nil
	}
	var paths [][]string
	var values []any
	for _, top := range []string{"spec", "data"} {
		walk(fields[top], []string{top}, func(path []string, value any) {
			paths, values = append(paths, path), append(values, value)
		})
	}
	if len(paths) == 0 {
		return nil
	}
	i := d.Intn(len(paths))
	var body any = changed(values[i])
	for j := len(paths[i]) - 1; j >= 0; j-- {
		body = map[string]any{paths[i][j]: body}
	}
	return body.(map[string]any)
}

// walk visits the plain values of nested maps, in order of their names.
func walk(value any, path []string, visit func(path []string, value any)) {
	switch v := value.(type) {
	case map[string]any:
		for _, key := range scenarios.SortedKeys(v) {
			walk(v[key], append(slices.Clone(path), key), visit)
		}
	case string, int64, bool:
		visit(path, v)
	}
}

func changed(value any) any {
	switch v := value.(type) {
	case int64:
		return v + 1
	case bool:
		return !v
	}
	return fmt.Sprint(value, "-edited")
}
