package plain

import (
	"time"

	resourcev1 "k8s.io/api/resource/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// newResourceKinds are the kinds of dynamic resource allocation. What a claim
// asks for is only checked in outline: names, and what may not change.
func newResourceKinds() []*kinds.Kind {
	return []*kinds.Kind{
		kinds.Builtin[*resourcev1.DeviceClass, *resourcev1.DeviceClassList](resourcev1.SchemeGroupVersion, kinds.Spec{
			Resource: "deviceclasses",
			Strategy: &kinds.Rules[*resourcev1.DeviceClass]{
				PrepareCreate: func(c *resourcev1.DeviceClass) { c.Generation = 1 },
				PrepareUpdate: func(c, old *resourcev1.DeviceClass) {
					kinds.NextGeneration(&c.ObjectMeta, &old.ObjectMeta, c.Spec, old.Spec)
				},
			},
			Table: kinds.NameAndAge(),
		}),
		newResourceClaimKind(),
		kinds.Builtin[*resourcev1.ResourceClaimTemplate, *resourcev1.ResourceClaimTemplateList](resourcev1.SchemeGroupVersion, kinds.Spec{
			Resource: "resourceclaimtemplates", Namespaced: true,
			Strategy: &kinds.Rules[*resourcev1.ResourceClaimTemplate]{
				Defaults: func(t *resourcev1.ResourceClaimTemplate) { defaultDeviceRequests(&t.Spec.Spec.Devices) },
				Check: func(t *resourcev1.ResourceClaimTemplate) field.ErrorList {
					return validateDeviceRequests(&t.Spec.Spec.Devices, field.NewPath("spec", "spec", "devices", "requests"))
				},
				CheckUpdate: func(t, old *resourcev1.ResourceClaimTemplate) field.ErrorList {
					return apivalidation.ValidateImmutableField(t.Spec, old.Spec, field.NewPath("spec"))
				},
			},
			Table: kinds.NameAndAge(),
		}),
		newResourceSliceKind(),
	}
}

func newResourceClaimKind() *kinds.Kind {
	type claim = *resourcev1.ResourceClaim
	return kinds.Builtin[claim, *resourcev1.ResourceClaimList](resourcev1.SchemeGroupVersion, kinds.Spec{
		Resource: "resourceclaims", Namespaced: true,
		Strategy: &kinds.Rules[claim]{
			Defaults:      func(c claim) { defaultDeviceRequests(&c.Spec.Devices) },
			PrepareCreate: func(c claim) { c.Status = resourcev1.ResourceClaimStatus{} },
			PrepareUpdate: func(c, old claim) { c.Status = old.Status },
			Check: func(c claim) field.ErrorList {
				return validateDeviceRequests(&c.Spec.Devices, field.NewPath("spec", "devices", "requests"))
			},
			CheckUpdate: func(c, old claim) field.ErrorList {
				if apiequality.Semantic.DeepEqual(c.Spec, old.Spec) {
					return nil
				}
				return field.ErrorList{field.Invalid(field.NewPath("spec"), c.Spec, "field is immutable")}
			},
		},
		Status: &kinds.Rules[claim]{PrepareUpdate: func(c, old claim) { c.Spec = old.Spec }},
		Table: kinds.TableOf([]metav1.TableColumnDefinition{
			kinds.NameColumn,
			{Name: "State", Type: "string", Description: "A summary of the current state (allocated, pending, reserved, etc.)."},
			kinds.AgeColumn,
		}, func(c claim, now time.Time) []any {
			return []any{c.Name, claimState(c), kinds.Age(c.CreationTimestamp, now)}
		}),
	})
}

func claimState(c *resourcev1.ResourceClaim) string {
	state := "pending"
	switch {
	case c.DeletionTimestamp != nil:
		state = "deleted"
	case c.Status.Allocation == nil:
		return state
	}
	if c.Status.Allocation != nil {
		if state == "deleted" {
			state += ",allocated"
		} else {
			state = "allocated"
		}
	}
	if len(c.Status.ReservedFor) > 0 {
		state += ",reserved"
	}
	return state
}

func defaultDeviceRequests(d *resourcev1.DeviceClaim) {
	for i := range d.Requests {
		if r := d.Requests[i].Exactly; r != nil {
			if r.AllocationMode == "" {
				r.AllocationMode = resourcev1.DeviceAllocationModeExactCount
			}
			if r.AllocationMode == resourcev1.DeviceAllocationModeExactCount && r.Count == 0 {
				r.Count = 1
			}
		}
	}
}

func validateDeviceRequests(d *resourcev1.DeviceClaim, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	names := map[string]bool{}
	for i := range d.Requests {
		r, at := &d.Requests[i], path.Index(i)
		switch {
		case r.Name == "":
			errs = append(errs, field.Required(at.Child("name"), ""))
		case names[r.Name]:
			errs = append(errs, field.Duplicate(at, r.Name))
		}
		names[r.Name] = true
		switch {
		case r.Exactly == nil && len(r.FirstAvailable) == 0:
			errs = append(errs, field.Required(at, "exactly one of `exactly` or `firstAvailable` is required"))
		case r.Exactly != nil && len(r.FirstAvailable) > 0:
			errs = append(errs, field.Invalid(at, nil, "exactly one of `exactly` or `firstAvailable` is required, but multiple fields are set"))
		case r.Exactly != nil && r.Exactly.DeviceClassName == "":
			errs = append(errs, field.Required(at.Child("exactly", "deviceClassName"), ""))
		}
	}
	return errs
}

func newResourceSliceKind() *kinds.Kind {
	type slice = *resourcev1.ResourceSlice
	node := func(s slice) string {
		if s.Spec.NodeName == nil {
			return ""
		}
		return *s.Spec.NodeName
	}
	return kinds.Builtin[slice, *resourcev1.ResourceSliceList](resourcev1.SchemeGroupVersion, kinds.Spec{
		Resource: "resourceslices",
		Strategy: &kinds.Rules[slice]{
			PrepareCreate: func(s slice) { s.Generation = 1 },
			PrepareUpdate: func(s, old slice) { kinds.NextGeneration(&s.ObjectMeta, &old.ObjectMeta, s.Spec, old.Spec) },
			Check: func(s slice) field.ErrorList {
				if s.Spec.Driver == "" {
					return field.ErrorList{field.Required(field.NewPath("spec", "driver"), "")}
				}
				return nil
			},
			CheckUpdate: func(s, old slice) field.ErrorList {
				spec := field.NewPath("spec")
				errs := apivalidation.ValidateImmutableField(s.Spec.Driver, old.Spec.Driver, spec.Child("driver"))
				errs = append(errs, apivalidation.ValidateImmutableField(s.Spec.Pool.Name, old.Spec.Pool.Name, spec.Child("pool", "name"))...)
				return append(errs, apivalidation.ValidateImmutableField(s.Spec.NodeName, old.Spec.NodeName, spec.Child("nodeName"))...)
			},
		},
		Table: kinds.TableOf([]metav1.TableColumnDefinition{
			kinds.NameColumn,
			{Name: "Node", Type: "string", Description: resourcev1.ResourceSliceSpec{}.SwaggerDoc()["nodeName"]},
			{Name: "Driver", Type: "string", Description: resourcev1.ResourceSliceSpec{}.SwaggerDoc()["driver"]},
			{Name: "Pool", Type: "string", Description: resourcev1.ResourceSliceSpec{}.SwaggerDoc()["pool"]},
			kinds.AgeColumn,
		}, func(s slice, now time.Time) []any {
			name := node(s)
			if name == "" {
				name = "<unset>"
			}
			return []any{s.Name, name, s.Spec.Driver, s.Spec.Pool.Name, kinds.Age(s.CreationTimestamp, now)}
		}),
		Selectable: kinds.Selectable(func(s slice) fields.Set {
			return fields.Set{resourcev1.ResourceSliceSelectorNodeName: node(s), resourcev1.ResourceSliceSelectorDriver: s.Spec.Driver}
		}),
	})
}
