package kinds

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/api/validation/path"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Invalids makes one error for each message about the value at path.
func Invalids(path *field.Path, value any, messages []string) field.ErrorList {
	var errs field.ErrorList
	for _, message := range messages {
		errs = append(errs, field.Invalid(path, value, message))
	}
	return errs
}

// Immutable is the error of the real server's declarative validation about a
// field that changed: unlike the hand-written one it shows no value.
func Immutable(path *field.Path) *field.Error {
	return field.Invalid(path, nil, "field is immutable")
}

// NonNegative checks a number that counts something.
func NonNegative(path *field.Path, value int64) field.ErrorList {
	return apivalidation.ValidateNonnegativeField(value, path)
}

// SortedErrors orders errors of validators that iterate over maps: the real
// server's order varies from call to call, ours must not.
func SortedErrors(errs field.ErrorList) field.ErrorList {
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

// PathSegment is the loosest rule for names: whatever can stand in a URL path.
func PathSegment(name string, prefix bool) []string {
	if prefix {
		return path.IsValidPathSegmentPrefix(name)
	}
	return path.IsValidPathSegmentName(name)
}

// PortProtocols are the protocols of a port, of a Service as of a container.
var PortProtocols = sets.New(corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP)
