package model

// Law says what is wrong with a state of the cluster; nil: nothing.
type Law func(*State) error

// Always makes a property of a law that holds after every commit. It is
// violated by the first commit after which law returns an error. name is
// kebab-case and unique among the properties of a run.
func Always(name, sentence string, law Law) Property {
	return Property{
		Name: name, Sentence: sentence, Source: "an invariant of this controller", Class: ClassSafety,
		probe: func(s *State) { _ = law(s) },
		Check: func(h *History) Result {
			s := h.newState()
			for i := range h.Commits {
				s.apply(&h.Commits[i])
				err := law(s)
				if result, misled := s.misled(); misled {
					return result
				}
				if err != nil {
					return Breach(err.Error(), h.Commits[i].Culprit())
				}
			}
			return s.tested()
		},
	}
}

// Eventually makes a property of a law that holds at the end of a run, after
// the weather has cleared and the world has had its time to settle. A run
// without a liveness phase leaves it undecided.
func Eventually(name, sentence string, law Law) Property {
	return Property{
		Name: name, Sentence: sentence, Source: "an expectation of this controller", Class: ClassLiveness,
		probe: func(s *State) { _ = law(s) },
		Check: func(h *History) Result {
			if h.Ended <= h.Cleared {
				return Undecide("the run has no liveness phase")
			}
			end := h.End()
			err := law(end)
			if result, misled := end.misled(); misled {
				return result
			}
			if err != nil {
				return Breach(err.Error(), Culprit{At: h.Ended, Text: "the end of the run"})
			}
			return end.tested()
		},
	}
}

// Sometimes makes a property of what is to be seen at least once in a search, after some
// commit of some run: a fault that is survived is no comfort when what it was to hit
// never happened. No single run violates it. seen says whether it is seen in a state.
func Sometimes(name, sentence string, seen func(*State) bool) Property {
	return Property{
		Name: name, Sentence: sentence, Source: "what a search has to come to", Class: ClassSafety,
		probe: func(s *State) { _ = seen(s) },
		Check: func(h *History) Result {
			s := h.newState()
			found := false
			for i := 0; i < len(h.Commits) && !found; i++ {
				s.apply(&h.Commits[i])
				found = seen(s)
				if result, misled := s.misled(); misled {
					return result
				}
			}
			return Result{Status: Held, Sometimes: true, Untested: !found}
		},
	}
}

// Transition is one commit as a law over changes sees it: Old is nil on
// creation, New on deletion.
type Transition struct {
	*Commit
	// Before is the state that the commit changed.
	Before *State
}

// EveryChange makes a property of a law about changes: law gets every commit,
// in order, and says what is wrong with it. It serves laws such as "never goes
// back" or "only the subject writes the status".
func EveryChange(name, sentence string, law func(Transition) error) Property {
	return Property{
		Name: name, Sentence: sentence, Source: "an invariant of this controller", Class: ClassSafety,
		probe: func(s *State) { _ = law(Transition{&Commit{}, s}) },
		Check: func(h *History) Result {
			s := h.newState()
			for i := range h.Commits {
				err := law(Transition{&h.Commits[i], s})
				if result, misled := s.misled(); misled {
					return result
				}
				if err != nil {
					return Breach(err.Error(), h.Commits[i].Culprit())
				}
				s.apply(&h.Commits[i])
			}
			return Holds()
		},
	}
}
