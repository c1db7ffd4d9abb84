package scenarios

import "github.com/seatrial/seatrial/internal/yamlread"

// What [Parse] and [Plan.Validate] return, for errors.As.
type (
	InvalidError  = yamlread.InvalidError
	InvalidErrors = yamlread.InvalidErrors
)
