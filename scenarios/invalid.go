package scenarios

import "github.com/seatrial/seatrial/scenarios/strict"

// What [Parse] and [Plan.Validate] return, for errors.As.
type (
	InvalidError  = strict.InvalidError
	InvalidErrors = strict.InvalidErrors
)
