package bugs

import "time"

// recreated are steps in which Apps appear one after the other, go a moment later, and
// are made anew at once.
func recreated(names ...string) []Step {
	var steps []Step
	for i, name := range names {
		at := time.Duration(5+20*i) * time.Second
		manifest := apps("{text: a, replicas: 2}", name)
		steps = append(steps,
			Step{At: at, Apply: manifest},
			Step{At: at + 10*time.Millisecond, Delete: manifest},
			Step{At: at + 20*time.Millisecond, Apply: manifest},
		)
	}
	return steps
}
