package model_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/seatrial/seatrial/model"
)

// Goal: a broken law about the end of a run names the change that made it false for
// good, or the call that was given up, and not whatever touched the object last.
// Method: short histories of ConfigMaps, a law that every "want" has a "have" of the
// same value, and a run to be compared with.

// diary is a history in the making.
type diary struct{ model.History }

func (d *diary) write(process, name, value string) *diary {
	return d.note(process, name, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, UID: types.UID("u-" + name)}, Data: map[string]string{"v": value}})
}

func (d *diary) remove(process, name string) *diary { return d.note(process, name, nil) }

func (d *diary) note(process, name string, object runtime.Object) *diary {
	var old runtime.Object
	for _, c := range d.Commits {
		if c.Name == name {
			old = c.New
		}
	}
	call := d.call(process, "update", name, model.OK)
	seq := call.CallSeq + 1
	d.Commits = append(d.Commits, model.Commit{
		Seq: seq, Revision: uint64(len(d.Commits) + 1), At: call.Called, CallID: call.ID, Process: process, User: process == "user",
		Version: "v1", Resource: "configmaps", Namespace: "shop", Name: name, UID: "u-" + name, Old: old, New: object,
	})
	return d
}

func (d *diary) fails(process, verb, name string, outcome model.Outcome) *diary {
	d.call(process, verb, name, outcome)
	return d
}

func (d *diary) call(process, verb, name string, outcome model.Outcome) *model.Call {
	n := uint64(len(d.Calls) + 1)
	at := time.Duration(n) * time.Second
	d.Calls = append(d.Calls, model.Call{
		ID: n, Process: process, Incarnation: 1, User: process == "user", Verb: verb, Resource: "configmaps", Namespace: "shop", Name: name,
		CallSeq: 3*n - 2, ReturnSeq: 3 * n, Called: at, Returned: at, Outcome: outcome, Code: map[model.Outcome]int{model.OK: 200, model.Failed: 503, model.Unknown: 500}[outcome],
	})
	return &d.Calls[n-1]
}

func (d *diary) end() *model.History {
	d.Cleared, d.Ended = time.Hour, 2*time.Hour
	return &d.History
}

func matched(s *model.State) error {
	want, have := s.Get("configmaps", "shop", "want"), s.Get("configmaps", "shop", "have")
	if want == nil {
		return nil
	}
	value := want.(*corev1.ConfigMap).Data["v"]
	if have == nil || have.(*corev1.ConfigMap).Data["v"] != value {
		return fmt.Errorf("shop/want: nobody has %q", value)
	}
	return nil
}

func TestTheCulpritMadeTheLawFalseForGood(t *testing.T) {
	law := model.Eventually("matched", "what is wanted is had", matched)
	fragile := model.Eventually("fragile", "", func(s *model.State) error {
		if s.Get("configmaps", "shop", "want") == nil {
			panic("the end always has one")
		}
		return errors.New("wrong")
	})
	for _, c := range []struct {
		name     string
		law      model.Property
		history  *model.History
		seq      uint64
		text     string
		explains string
	}{
		{"the subject's change", law,
			(&diary{}).write("user", "want", "1").write("controller", "have", "1").write("controller", "have", "2").write("user", "other", "x").write("controller", "have", "3").end(),
			8, "since then it does not hold: revision 3", "neither the last change to it, nor one of those before it was right"},
		{"right for a moment", law,
			(&diary{}).write("user", "want", "1").write("controller", "have", "1").write("controller", "have", "2").write("controller", "have", "1").remove("controller", "have").end(),
			14, "since then it does not hold: revision 5", "it held again in between: only what came later counts"},
		{"the user's change that nobody followed", law,
			(&diary{}).write("user", "want", "1").write("controller", "have", "1").write("user", "want", "2").end(),
			8, "nothing followed that makes it hold again: revision 3", "the missing change has no place; what it should have answered has"},
		{"a call that was given up", law,
			(&diary{}).write("user", "want", "1").fails("controller", "get", "want", model.Failed).write("user", "other", "x").end(),
			4, "it failed and was not tried again: call 2", "the subject heard of it, failed, and did no more"},
		{"a call that was made again", law,
			(&diary{}).write("user", "want", "1").fails("controller", "get", "want", model.Failed).fails("controller", "get", "want", model.OK).end(),
			2, "nothing followed", "it was not for want of trying"},
		{"a law that knows complete states only", fragile,
			(&diary{}).write("user", "want", "1").end(), 0, "the end of the run", "it panics on what the end never is"},
		{"unlike the baseline", model.LikeBaseline(model.BaselineOptions{Baselines: []*model.History{(&diary{}).write("user", "have", "1").end()}}),
			(&diary{}).write("user", "have", "1").write("controller", "have", "2").write("controller", "have", "3").end(),
			5, "since then it does not hold: revision 2", "it was right until then"},
		{"removed, unlike the baseline", model.LikeBaseline(model.BaselineOptions{Baselines: []*model.History{(&diary{}).write("user", "have", "1").end()}}),
			(&diary{}).write("user", "have", "1").remove("controller", "have").end(), 5, "since then it does not hold: revision 2", ""},
		{"never there", model.LikeBaseline(model.BaselineOptions{Baselines: []*model.History{(&diary{}).write("user", "have", "1").end()}}),
			(&diary{}).write("user", "other", "1").end(), 0, "no such object was ever there", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := model.Judge(c.history, []model.Property{c.law})
			assert.Equal(t, model.VerdictLiveness, v.Kind)
			assert.Equal(t, c.seq, v.Culprit.Seq, c.explains)
			assert.Contains(t, v.Culprit.Text, c.text, c.explains)
			assert.Equal(t, v.Culprit, v.Results[0].Culprit)
		})
	}
}

// A run of thousands of changes is not judged thousands of times.
func TestTheCulpritIsFoundInALongRun(t *testing.T) {
	d := (&diary{}).write("user", "want", "1").write("controller", "have", "1").write("controller", "have", "2")
	for range 5000 {
		d.write("user", "other", "x")
	}
	asked := 0
	law := model.Eventually("matched", "", func(s *model.State) error { asked++; return matched(s) })
	v := model.Judge(d.end(), []model.Property{law})
	assert.Equal(t, uint64(3), v.Culprit.Revision)
	assert.Less(t, asked, 400)
}
