package detection

import (
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/seatrial/seatrial/scenarios/search"
	"github.com/seatrial/seatrial/scenarios/trial"
)

// documents are the objects of manifests, each in all of its forms, in order.
func documents(manifests string) [][]string {
	var order []string
	forms := map[string][]string{}
	for _, text := range strings.Split(manifests, "\n---\n") {
		if strings.TrimSpace(text) == "" {
			continue
		}
		var o struct {
			Kind     string
			Metadata struct{ Namespace, Name string }
		}
		if err := yaml.Unmarshal([]byte(text), &o); err != nil {
			panic(fmt.Sprintf("detection: %v in %s", err, text))
		}
		key := o.Kind + " " + o.Metadata.Namespace + "/" + o.Metadata.Name
		if forms[key] == nil {
			order = append(order, key)
		}
		forms[key] = append(forms[key], text)
	}
	var out [][]string
	for _, key := range order {
		out = append(out, forms[key])
	}
	return out
}

// told are the trials of an entry in which its objects have the lives of package search,
// in place of those that a seed draws. An entry without objects has one story, its steps.
func told(tr trial.Trial, objects string) []trial.Trial {
	all := documents(objects)
	if len(all) == 0 {
		return []trial.Trial{tr}
	}
	forms := make([]int, len(all))
	for i := range all {
		forms[i] = len(all[i])
	}
	var out []trial.Trial
	for _, story := range search.Stories(forms, safety) {
		next := tr
		next.Objects, next.Steps = trial.Manifests{}, slices.Clone(tr.Steps)
		for _, act := range story.Acts {
			s := trial.Apply(act.At, trial.YAML(all[act.Object][act.Form]))
			if act.Delete {
				s = trial.Delete(act.At, trial.YAML(all[act.Object][0]))
			}
			s.User = fmt.Sprintf("user-%d", act.Object+1)
			next.Steps = append(next.Steps, s)
		}
		out = append(out, next)
	}
	return out
}
