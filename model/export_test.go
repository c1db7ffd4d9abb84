package model

// What tests look at from outside.

var ResourceVersion = resourceVersion

// EventOf is the event that a commit is to a watch; empty: none, or a watch that
// cannot be judged.
func EventOf(watch *Call, commit *Commit) string {
	judge := newWatchJudge(watch, nil)
	if judge == nil {
		return ""
	}
	return string(judge.selects.eventOf(commit))
}
