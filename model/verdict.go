package model

import (
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
)

// VerdictKind is the judgement over a whole run.
type VerdictKind string

const (
	VerdictPass         VerdictKind = "pass"
	VerdictSafety       VerdictKind = "safety"
	VerdictLiveness     VerdictKind = "liveness"
	VerdictCrash        VerdictKind = "crash"
	VerdictInconclusive VerdictKind = "inconclusive"
)

// Verdict is the judgement over one history. Its zero value is not a pass.
type Verdict struct {
	Kind     VerdictKind
	Property string // that decided it; empty on a pass
	Message  string // one line; empty on a pass
	Culprit  Culprit
	// Visualize is that of the deciding property; nil if it has none.
	Visualize func(io.Writer) error
	// Results has one entry per property, in the order given to Judge.
	Results []PropertyResult
}

// PropertyResult is one property's part in a verdict.
type PropertyResult struct {
	Name  string
	Class Class
	Result
}

// Judge checks every property against the history and sums up.
//
// The gravest class decides: crash, then safety, then liveness, then
// inconclusive, then pass. Among violations of one class the culprit that came
// first names the verdict (lowest Seq, then earliest At, then the order of the
// list); a culprit without a Seq or a time counts as last.
//
// A pass needs at least one property, and every property held: an empty list,
// a property without a Check, an undecided one or a nil history is
// inconclusive. Judge panics if two properties bear one name or a class is
// unknown, because then the list itself is broken.
//
// Same history and same list, same verdict: no clock, no random choice.
func Judge(h *History, properties []Property) Verdict {
	verdict := Verdict{Kind: VerdictPass, Results: make([]PropertyResult, 0, len(properties))}
	var view *History
	if h != nil {
		shared := *h
		shared.derived = map[reflect.Type]any{}
		view = &shared
	}
	names := make(map[string]bool, len(properties))
	for _, property := range properties {
		if names[property.Name] {
			panic(fmt.Sprintf("model: two properties are named %q", property.Name))
		}
		names[property.Name] = true
		result := Result{}
		if property.Check != nil && view != nil {
			result = property.check(view)
			if len(view.Restless) > 0 && property.Class == ClassLiveness && property.Name != quietName {
				result = Undecide("the run was ended early, because it would not come to rest")
			}
		}
		verdict.Results = append(verdict.Results, PropertyResult{Name: property.Name, Class: property.Class, Result: result})
	}
	if len(properties) == 0 {
		verdict.Kind, verdict.Message = VerdictInconclusive, "no property was checked"
	}
	for i := range verdict.Results {
		verdict.weigh(&verdict.Results[i])
	}
	verdict.blame(view, properties)
	return verdict
}

// check asks the law. One that panics has no answer, and says where it did.
func (p *Property) check(h *History) (result Result) {
	defer func() {
		if wrong := recover(); wrong != nil {
			result = Undecide(fmt.Sprintf("the law panics: %v (%s)", wrong, panickedAt()))
		}
	}()
	return p.Check(h)
}

// panickedAt is the function and line that panicked, of the panic that is being recovered from.
func panickedAt() string {
	callers := make([]uintptr, 64)
	frames := runtime.CallersFrames(callers[:runtime.Callers(0, callers)])
	panicking := false
	for {
		frame, more := frames.Next()
		switch {
		case frame.Function == "runtime.gopanic":
			panicking = true
		case panicking && !strings.HasPrefix(frame.Function, "runtime."):
			return fmt.Sprintf("%s, %s:%d", frame.Function, filepath.Base(frame.File), frame.Line)
		}
		if !more {
			return "nobody knows where"
		}
	}
}

// weigh lets one result make the verdict graver, or name an earlier culprit.
func (v *Verdict) weigh(result *PropertyResult) {
	kind := result.kind()
	if severity(kind) < severity(v.Kind) || kind == VerdictPass {
		return
	}
	if kind == v.Kind && (kind == VerdictInconclusive || !result.Culprit.Before(v.Culprit)) {
		return
	}
	v.Kind, v.Property, v.Message = kind, result.Name, result.Message
	v.Culprit, v.Visualize = result.Culprit, result.Visualize
	if result.Status == NotRun {
		v.Message = "the property was not checked"
	}
}

// blame names what made a law about the end of the run false for good, for the one
// that decided the verdict.
func (v *Verdict) blame(h *History, properties []Property) {
	for i := range v.Results {
		r := &v.Results[i]
		if v.Kind == VerdictLiveness && r.Name == v.Property {
			r.Culprit = blame(h, properties[i], r.Result)
			v.Culprit = r.Culprit
		}
		r.answerable = nil // it holds the baselines
	}
}

func (r *PropertyResult) kind() VerdictKind {
	switch r.Status {
	case Held:
		return VerdictPass
	case Violated:
		switch r.Class {
		case ClassCrash:
			return VerdictCrash
		case ClassSafety:
			return VerdictSafety
		case ClassLiveness:
			return VerdictLiveness
		}
		panic(fmt.Sprintf("model: property %q has the unknown class %q", r.Name, r.Class))
	}
	return VerdictInconclusive
}

func severity(kind VerdictKind) int {
	switch kind {
	case VerdictPass:
		return 0
	case VerdictInconclusive:
		return 1
	case VerdictLiveness:
		return 2
	case VerdictSafety:
		return 3
	case VerdictCrash:
		return 4
	}
	panic(fmt.Sprintf("model: unknown verdict %q", kind))
}

// Before orders culprits in time; one whose place is not known comes last.
func (c Culprit) Before(other Culprit) bool {
	if (c.Seq == 0) != (other.Seq == 0) {
		return c.Seq != 0
	}
	if c.Seq != other.Seq {
		return c.Seq < other.Seq
	}
	if (c.At == 0) != (other.At == 0) {
		return c.At != 0
	}
	return c.At < other.At
}
