package trial

// Try lets tests read what Check says about a seed.
var Try = try

// WithDefaults lets tests call Try.
func (tr Trial) WithDefaults() Trial { return tr.withDefaults() }
