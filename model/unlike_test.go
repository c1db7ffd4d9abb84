package model_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/seatrial/seatrial/model"
)

// Goal: of a run that never becomes what the baseline is, what is missing is named by what
// prompted it there. Method: short histories in which a controller is told of what a user
// does, and follows in the baseline alone.

// told hands the latest change to the controller, by a watch.
func (d *diary) told() *diary {
	c := &d.Commits[len(d.Commits)-1]
	if len(d.Watches) == 0 {
		watch := d.call("controller", "watch", "", model.OK)
		d.Watches = append(d.Watches, model.Watch{CallID: watch.ID})
	}
	d.Watches[0].Frames = append(d.Watches[0].Frames, model.Frame{Seq: uint64(3 * len(d.Calls)), At: c.At, Type: "MODIFIED", Namespace: c.Namespace, Name: c.Name, Revision: c.Revision})
	return d
}

func TestWhatIsMissingIsNamedByItsPrompt(t *testing.T) {
	copied := func(d *diary) *diary { return d.write("user", "web", "1").told().write("controller", "web-copy", "1") }
	for _, c := range []struct {
		name          string
		baseline, run *model.History
		seq           uint64
		text          string
		explains      string
	}{
		{"a removal that did not follow",
			copied(&diary{}).remove("user", "web").told().remove("controller", "web-copy").end(),
			copied(&diary{}).remove("user", "web").end(),
			11, "nothing followed that makes it hold again: revision 3", "the copy was right when it was made: its creation, which was the last change to it, broke nothing"},
		{"a change that did not follow",
			copied(&diary{}).write("user", "web", "2").told().write("controller", "web-copy", "2").end(),
			copied(&diary{}).write("user", "web", "2").told().end(),
			11, "nothing followed that makes it hold again: revision 3", ""},
		{"one that failed",
			copied(&diary{}).end(),
			(&diary{}).write("user", "web", "1").told().fails("controller", "create", "web-copy", model.Failed).end(),
			7, "it failed and was not tried again", "it never was there, and the call that would have made it is"},
		{"one that was there already",
			copied(&diary{}).write("user", "web", "2").told().write("controller", "web-copy", "2").end(),
			copied(&diary{}).write("user", "web", "2").told().exists("controller", "web-copy").end(),
			11, "nothing followed", "AlreadyExists is no failure to be mended"},
		{"a prompt that this run has not",
			copied(&diary{}).end(), (&diary{}).write("user", "zoo", "1").end(), 0, "no such object was ever there", ""},
		{"an object that should have been made anew",
			(&diary{}).write("user", "web", "1").told().write("controller", "web-copy", "").write("controller", "web-copy", "1").remove("user", "web").told().remove("controller", "web-copy").write("user", "web", "1").told().write("controller", "web-copy", "").write("controller", "web-copy", "1").end(),
			(&diary{}).write("user", "web", "1").told().write("controller", "web-copy", "").remove("user", "web").write("user", "web", "1").end(),
			2, "nothing followed that makes it hold again: revision 1", "what is wrong with it is so since it was made"},
		{"an object that was made anew",
			(&diary{}).write("user", "web", "1").told().write("controller", "web", "ready").remove("user", "web").write("user", "web", "1").told().write("controller", "web", "ready").end(),
			(&diary{}).write("user", "web", "1").told().write("controller", "web", "ready").remove("user", "web").write("user", "web", "1").told().end(),
			14, "nothing followed that makes it hold again: revision 4", "what the first of that name was does not count"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := model.Judge(c.run, []model.Property{model.LikeBaseline(model.BaselineOptions{Baselines: []*model.History{c.baseline}})})
			assert.Equal(t, model.VerdictLiveness, v.Kind)
			assert.Equal(t, c.seq, v.Culprit.Seq, c.explains)
			assert.Contains(t, v.Culprit.Text, c.text, c.explains)
		})
	}
}

// exists is a creation that the server refused because there is one of that name.
func (d *diary) exists(process, name string) *diary {
	d.call(process, "create", name, model.Failed).Code = 409
	return d
}
