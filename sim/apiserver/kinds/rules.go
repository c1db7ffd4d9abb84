package kinds

import (
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Rules is the strategy of a built-in kind as a table of functions over its
// own type. A nil function does nothing; the zero value is a plain kind that
// stores what it is sent. It serves as an [UpdateStrategy] of /status too.
type Rules[T runtime.Object] struct {
	Defaults      func(obj T)
	PrepareCreate func(obj T)
	PrepareUpdate func(obj, old T)
	Check         func(obj T) field.ErrorList
	CheckUpdate   func(obj, old T) field.ErrorList
	WarnCreate    func(obj T) []string
	WarnUpdate    func(obj, old T) []string

	// Name is the rule for names; nil: a DNS subdomain.
	Name func(name string, prefix bool) []string
	// CreateOnUpdate: a PUT of a missing object creates it.
	CreateOnUpdate bool
	// Conditional: a PUT must carry a resourceVersion.
	Conditional bool
}

func (r *Rules[T]) Decoded(obj runtime.Object) ([]string, error) {
	r.Default(obj)
	return nil, nil
}

func (r *Rules[T]) Default(obj runtime.Object) {
	if r.Defaults != nil {
		r.Defaults(obj.(T))
	}
}

func (r *Rules[T]) PrepareForCreate(obj runtime.Object) {
	if r.PrepareCreate != nil {
		r.PrepareCreate(obj.(T))
	}
}

func (r *Rules[T]) PrepareForUpdate(obj, old runtime.Object) {
	if r.PrepareUpdate != nil {
		r.PrepareUpdate(obj.(T), old.(T))
	}
}

func (r *Rules[T]) Validate(obj runtime.Object) field.ErrorList {
	if r.Check == nil {
		return nil
	}
	return r.Check(obj.(T))
}

func (r *Rules[T]) ValidateUpdate(obj, old runtime.Object) field.ErrorList {
	if r.CheckUpdate == nil {
		return r.Validate(obj)
	}
	return r.CheckUpdate(obj.(T), old.(T))
}

func (r *Rules[T]) WarningsOnCreate(obj runtime.Object) []string {
	if r.WarnCreate == nil {
		return nil
	}
	return r.WarnCreate(obj.(T))
}

func (r *Rules[T]) WarningsOnUpdate(obj, old runtime.Object) []string {
	if r.WarnUpdate == nil {
		return nil
	}
	return r.WarnUpdate(obj.(T), old.(T))
}

func (r *Rules[T]) AllowCreateOnUpdate() bool      { return r.CreateOnUpdate }
func (r *Rules[T]) AllowUnconditionalUpdate() bool { return !r.Conditional }

func (r *Rules[T]) ValidateName(name string, prefix bool) []string {
	if r.Name == nil {
		return apivalidation.NameIsDNSSubdomain(name, prefix)
	}
	return r.Name(name, prefix)
}

// NextGeneration counts changes of the spec.
func NextGeneration(meta, old *metav1.ObjectMeta, spec, oldSpec any) {
	if !apiequality.Semantic.DeepEqual(spec, oldSpec) {
		meta.Generation = old.Generation + 1
	}
}

// OrPointer is p, or a pointer to fallback if p is nil.
func OrPointer[T any](p *T, fallback T) *T {
	if p == nil {
		return &fallback
	}
	return p
}
