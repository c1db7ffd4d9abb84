package trial

// Try lets tests read what Check says about a seed.
var Try = try

// TryEveryCall lets tests read what CheckEveryCall says about a seed.
var TryEveryCall = tryEveryCall

// WithDefaults lets tests call Try.
func (tr Trial) WithDefaults() Trial { return tr.withDefaults() }
