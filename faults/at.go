package faults

import "time"

// aimedRestart is how long a process that was killed at a call stays down: long
// enough that users and other replicas do something meanwhile, too short for a
// lease to expire.
const aimedRestart = 2 * time.Second

// At is a rule that fires once, at the call with c's identity and number. It
// has no ID yet.
func At(c Call, kind Kind) Rule {
	return Rule{
		Kind: kind, Probability: 1, Limit: 1,
		Match: Match{
			Process: c.Process, Verbs: []string{c.Verb}, Resources: []string{c.Resource},
			Namespace: c.Namespace, Name: c.Name, First: c.Nth, Last: c.Nth,
		},
	}
}

// CrashAt is [At] with a crash before or after the call, from which the
// process comes back after 2s.
func CrashAt(c Call, when When) Rule {
	r := At(c, Crash)
	r.When, r.RestartAfter = when, aimedRestart
	return r
}
