package kinds

import (
	"slices"

	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// invalids makes one error for each message about the value at path.
func invalids(path *field.Path, value any, messages []string) field.ErrorList {
	var errs field.ErrorList
	for _, message := range messages {
		errs = append(errs, field.Invalid(path, value, message))
	}
	return errs
}

// immutable is the error of the real server's declarative validation about a
// field that changed: unlike the hand-written one it shows no value.
func immutable(path *field.Path) *field.Error {
	return field.Invalid(path, nil, "field is immutable")
}

// nonNegative checks a number that counts something.
func nonNegative(path *field.Path, value int64) field.ErrorList {
	return apivalidation.ValidateNonnegativeField(value, path)
}

// sortedErrors orders errors of validators that iterate over maps: the real
// server's order varies from call to call, ours must not.
func sortedErrors(errs field.ErrorList) field.ErrorList {
	slices.SortStableFunc(errs, func(a, b *field.Error) int {
		if a.Field != b.Field {
			if a.Field < b.Field {
				return -1
			}
			return 1
		}
		if a, b := a.ErrorBody(), b.ErrorBody(); a != b {
			if a < b {
				return -1
			}
			return 1
		}
		return 0
	})
	return errs
}
