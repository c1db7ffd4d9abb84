package kinds

import (
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// rules is the strategy of a built-in kind as a table of functions over its
// own type. A nil function does nothing; the zero value is a plain kind that
// stores what it is sent. It serves as an [UpdateStrategy] of /status too.
type rules[T runtime.Object] struct {
	defaults       func(obj T)
	prepareCreate  func(obj T)
	prepareUpdate  func(obj, old T)
	validate       func(obj T) field.ErrorList
	validateUpdate func(obj, old T) field.ErrorList
	warnCreate     func(obj T) []string
	warnUpdate     func(obj, old T) []string

	// name is the rule for names; nil: a DNS subdomain.
	name func(name string, prefix bool) []string
	// createOnUpdate: a PUT of a missing object creates it.
	createOnUpdate bool
	// conditional: a PUT must carry a resourceVersion.
	conditional bool
}

func (r *rules[T]) Decoded(obj runtime.Object) ([]string, error) {
	r.Default(obj)
	return nil, nil
}

func (r *rules[T]) Default(obj runtime.Object) {
	if r.defaults != nil {
		r.defaults(obj.(T))
	}
}

func (r *rules[T]) PrepareForCreate(obj runtime.Object) {
	if r.prepareCreate != nil {
		r.prepareCreate(obj.(T))
	}
}

func (r *rules[T]) PrepareForUpdate(obj, old runtime.Object) {
	if r.prepareUpdate != nil {
		r.prepareUpdate(obj.(T), old.(T))
	}
}

func (r *rules[T]) Validate(obj runtime.Object) field.ErrorList {
	if r.validate == nil {
		return nil
	}
	return r.validate(obj.(T))
}

func (r *rules[T]) ValidateUpdate(obj, old runtime.Object) field.ErrorList {
	if r.validateUpdate == nil {
		return r.Validate(obj)
	}
	return r.validateUpdate(obj.(T), old.(T))
}

func (r *rules[T]) WarningsOnCreate(obj runtime.Object) []string {
	if r.warnCreate == nil {
		return nil
	}
	return r.warnCreate(obj.(T))
}

func (r *rules[T]) WarningsOnUpdate(obj, old runtime.Object) []string {
	if r.warnUpdate == nil {
		return nil
	}
	return r.warnUpdate(obj.(T), old.(T))
}

func (r *rules[T]) AllowCreateOnUpdate() bool      { return r.createOnUpdate }
func (r *rules[T]) AllowUnconditionalUpdate() bool { return !r.conditional }

func (r *rules[T]) ValidateName(name string, prefix bool) []string {
	if r.name == nil {
		return apivalidation.NameIsDNSSubdomain(name, prefix)
	}
	return r.name(name, prefix)
}
