package workload

import (
	"slices"
	"strings"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

func newScalingKinds() []*kinds.Kind {
	return []*kinds.Kind{
		newCronJobKind(),
		kinds.Builtin[*autoscalingv2.HorizontalPodAutoscaler, *autoscalingv2.HorizontalPodAutoscalerList](autoscalingv2.SchemeGroupVersion, kinds.Spec{
			Resource: "horizontalpodautoscalers", ShortNames: []string{"hpa"}, Categories: []string{"all"}, Namespaced: true,
			Strategy: &kinds.Rules[*autoscalingv2.HorizontalPodAutoscaler]{
				Defaults: defaultAutoscaler,
				PrepareCreate: func(h *autoscalingv2.HorizontalPodAutoscaler) {
					h.Status, h.Generation = autoscalingv2.HorizontalPodAutoscalerStatus{}, 1
				},
				PrepareUpdate: func(h, old *autoscalingv2.HorizontalPodAutoscaler) {
					h.Status = old.Status
					kinds.NextGeneration(&h.ObjectMeta, &old.ObjectMeta, h.Spec, old.Spec)
				},
				Check:       func(h *autoscalingv2.HorizontalPodAutoscaler) field.ErrorList { return validateAutoscaler(h, nil) },
				CheckUpdate: validateAutoscaler,
			},
			Status: &kinds.Rules[*autoscalingv2.HorizontalPodAutoscaler]{
				PrepareUpdate: func(h, old *autoscalingv2.HorizontalPodAutoscaler) { h.Spec = old.Spec },
				CheckUpdate:   validateAutoscalerStatus,
			},
			Table: kinds.PlainTable(),
		}),
	}
}

// cpuTarget is what an autoscaler without metrics keeps to, in percent of what is requested.
const cpuTarget = 80

func defaultAutoscaler(h *autoscalingv2.HorizontalPodAutoscaler) {
	h.Spec.MinReplicas = kinds.OrPointer(h.Spec.MinReplicas, 1)
	if len(h.Spec.Metrics) == 0 {
		target := autoscalingv2.MetricTarget{Type: autoscalingv2.UtilizationMetricType, AverageUtilization: ptr.To[int32](cpuTarget)}
		h.Spec.Metrics = []autoscalingv2.MetricSpec{{
			Type: autoscalingv2.ResourceMetricSourceType, Resource: &autoscalingv2.ResourceMetricSource{Name: corev1.ResourceCPU, Target: target},
		}}
	}
	if b := h.Spec.Behavior; b != nil {
		everything := autoscalingv2.HPAScalingPolicy{Type: autoscalingv2.PercentScalingPolicy, Value: 100, PeriodSeconds: 15}
		four := autoscalingv2.HPAScalingPolicy{Type: autoscalingv2.PodsScalingPolicy, Value: 4, PeriodSeconds: 15}
		b.ScaleUp = defaultScalingRules(b.ScaleUp, four, everything)
		b.ScaleUp.StabilizationWindowSeconds = kinds.OrPointer(b.ScaleUp.StabilizationWindowSeconds, 0)
		b.ScaleDown = defaultScalingRules(b.ScaleDown, everything)
	}
}

func defaultScalingRules(rules *autoscalingv2.HPAScalingRules, policies ...autoscalingv2.HPAScalingPolicy) *autoscalingv2.HPAScalingRules {
	if rules == nil {
		rules = &autoscalingv2.HPAScalingRules{}
	}
	rules.SelectPolicy = kinds.OrPointer(rules.SelectPolicy, autoscalingv2.MaxChangePolicySelect)
	if rules.Policies == nil {
		rules.Policies = policies
	}
	return rules
}

func validateAutoscalerStatus(h, _ *autoscalingv2.HorizontalPodAutoscaler) field.ErrorList {
	path := field.NewPath("status")
	errs := kinds.NonNegative(path.Child("currentReplicas"), int64(h.Status.CurrentReplicas))
	return append(errs, kinds.NonNegative(path.Child("desiredReplicas"), int64(h.Status.DesiredReplicas))...)
}

// validateAutoscaler checks one that was nil, or old.
func validateAutoscaler(h, old *autoscalingv2.HorizontalPodAutoscaler) field.ErrorList {
	spec, path := &h.Spec, field.NewPath("spec")
	var errs field.ErrorList
	least := ptr.Deref(spec.MinReplicas, 1)
	if least < 0 {
		errs = append(errs, field.Invalid(path.Child("minReplicas"), least, "must be greater than or equal to 0"))
	}
	switch {
	case spec.MaxReplicas == 0:
		errs = append(errs, field.Required(path.Child("maxReplicas"), ""))
	case spec.MaxReplicas < 0:
		errs = append(errs, field.Invalid(path.Child("maxReplicas"), spec.MaxReplicas, "must be greater than or equal to 1"))
	}
	if spec.MaxReplicas < least {
		errs = append(errs, field.Invalid(path.Child("maxReplicas"), spec.MaxReplicas, "must be greater than or equal to `minReplicas`"))
	}
	errs = append(errs, validateScaled(spec.ScaleTargetRef, path.Child("scaleTargetRef"))...)
	unchanged := old != nil && old.Spec.ScaleTargetRef.APIVersion == spec.ScaleTargetRef.APIVersion && old.Spec.ScaleTargetRef.Kind == spec.ScaleTargetRef.Kind
	// Of what is in the core group, replication controllers alone can be scaled.
	if gv, err := schema.ParseGroupVersion(spec.ScaleTargetRef.APIVersion); err == nil && gv.Group == "" && !unchanged && spec.ScaleTargetRef.Kind != "ReplicationController" {
		errs = append(errs, field.Invalid(path.Child("scaleTargetRef", "apiVersion"), spec.ScaleTargetRef.APIVersion, "apiVersion must specify API group"))
	}
	for i := range spec.Metrics {
		errs = append(errs, validateMetric(&spec.Metrics[i], path.Child("metrics").Index(i))...)
	}
	seesAll := slices.ContainsFunc(spec.Metrics, func(m autoscalingv2.MetricSpec) bool {
		return m.Type == autoscalingv2.ObjectMetricSourceType || m.Type == autoscalingv2.ExternalMetricSourceType
	})
	if least == 0 && !seesAll { // others are measured in pods, of which there are none
		errs = append(errs, field.Forbidden(path.Child("metrics"), "must specify at least one Object or External metric to support scaling to zero replicas"))
	}
	if b := spec.Behavior; b != nil {
		errs = append(errs, validateScalingRules(b.ScaleUp, path.Child("behavior", "scaleUp"))...)
		errs = append(errs, validateScalingRules(b.ScaleDown, path.Child("behavior", "scaleDown"))...)
	}
	return errs
}

// validateScaled checks a reference to an object of any kind.
func validateScaled(ref autoscalingv2.CrossVersionObjectReference, path *field.Path) field.ErrorList {
	errs := segment(ref.Kind, "", path.Child("kind"))
	errs = append(errs, segment(ref.Name, "", path.Child("name"))...)
	if _, err := schema.ParseGroupVersion(ref.APIVersion); err != nil {
		errs = append(errs, field.Invalid(path.Child("apiVersion"), ref.APIVersion, err.Error()))
	}
	return errs
}

// segment checks what is required and may be anything that stands in a URL's path.
func segment(value, required string, path *field.Path) field.ErrorList {
	if value == "" {
		return field.ErrorList{field.Required(path, required)}
	}
	return kinds.Invalids(path, value, kinds.PathSegment(value, false))
}

// The bounds of what a policy may say, in seconds.
const (
	longestPolicyPeriod  = 1800
	longestStabilization = 3600
)

var (
	selectPolicies = []string{string(autoscalingv2.DisabledPolicySelect), string(autoscalingv2.MaxChangePolicySelect), string(autoscalingv2.MinChangePolicySelect)}
	policyTypes    = []string{string(autoscalingv2.PercentScalingPolicy), string(autoscalingv2.PodsScalingPolicy)}
)

func validateScalingRules(rules *autoscalingv2.HPAScalingRules, path *field.Path) field.ErrorList {
	if rules == nil {
		return nil
	}
	var errs field.ErrorList
	switch window := rules.StabilizationWindowSeconds; {
	case window == nil:
	case *window < 0:
		errs = append(errs, field.Invalid(path.Child("stabilizationWindowSeconds"), window, "must be greater than or equal to zero"))
	case *window > longestStabilization:
		errs = append(errs, field.Invalid(path.Child("stabilizationWindowSeconds"), window, "must be less than or equal to 3600"))
	}
	if p := rules.SelectPolicy; p != nil && !slices.Contains(selectPolicies, string(*p)) {
		errs = append(errs, field.NotSupported(path.Child("selectPolicy"), p, selectPolicies))
	}
	if len(rules.Policies) == 0 {
		errs = append(errs, field.Required(path.Child("policies"), "must specify at least one Policy"))
	}
	for i, p := range rules.Policies {
		path := path.Child("policies").Index(i)
		if !slices.Contains(policyTypes, string(p.Type)) {
			errs = append(errs, field.NotSupported(path.Child("type"), p.Type, policyTypes))
		}
		if p.Value <= 0 {
			errs = append(errs, field.Invalid(path.Child("value"), p.Value, "must be greater than zero"))
		}
		if p.PeriodSeconds <= 0 {
			errs = append(errs, field.Invalid(path.Child("periodSeconds"), p.PeriodSeconds, "must be greater than zero"))
		}
		if p.PeriodSeconds > longestPolicyPeriod {
			errs = append(errs, field.Invalid(path.Child("periodSeconds"), p.PeriodSeconds, "must be less than or equal to 1800"))
		}
	}
	if t := rules.Tolerance; t != nil && t.Sign() < 0 {
		errs = append(errs, field.Invalid(path.Child("tolerance"), t.String(), "must be greater than or equal to 0"))
	}
	return errs
}

// metricSource is the part of a metric that its type names.
type metricSource struct {
	kind  autoscalingv2.MetricSourceType
	field string
	there bool
	check func(path *field.Path) field.ErrorList
}

func metricSources(m *autoscalingv2.MetricSpec) []metricSource {
	return []metricSource{
		{autoscalingv2.ObjectMetricSourceType, "object", m.Object != nil, func(path *field.Path) field.ErrorList {
			errs := validateScaled(m.Object.DescribedObject, path.Child("describedObject"))
			errs = append(errs, segment(m.Object.Metric.Name, "must specify a metric name", path.Child("metric", "name"))...)
			return append(errs, validateTarget(&m.Object.Target, path.Child("target"), "must set either a target value or averageValue", true)...)
		}},
		{autoscalingv2.ExternalMetricSourceType, "external", m.External != nil, func(path *field.Path) field.ErrorList {
			t := &m.External.Target
			errs := segment(m.External.Metric.Name, "must specify a metric name", path.Child("metric", "name"))
			errs = append(errs, validateTarget(t, path.Child("target"), "must set either a target value for metric or a per-pod target", true)...)
			if t.Value != nil && t.AverageValue != nil {
				errs = append(errs, field.Forbidden(path.Child("target", "value"), "may not set both a target value for metric and a per-pod target"))
			}
			return errs
		}},
		{autoscalingv2.PodsMetricSourceType, "pods", m.Pods != nil, func(path *field.Path) field.ErrorList {
			errs := segment(m.Pods.Metric.Name, "must specify a metric name", path.Child("metric", "name"))
			return append(errs, validateTarget(&m.Pods.Target, path.Child("target"), "must specify a positive target averageValue", false)...)
		}},
		{autoscalingv2.ResourceMetricSourceType, "resource", m.Resource != nil, func(path *field.Path) field.ErrorList {
			var errs field.ErrorList
			if m.Resource.Name == "" {
				errs = append(errs, field.Required(path.Child("name"), "must specify a resource name"))
			}
			return append(errs, validateResourceTarget(&m.Resource.Target, path.Child("target"))...)
		}},
		{autoscalingv2.ContainerResourceMetricSourceType, "containerResource", m.ContainerResource != nil, func(path *field.Path) field.ErrorList {
			var errs field.ErrorList
			if m.ContainerResource.Name == "" {
				errs = append(errs, field.Required(path.Child("name"), "must specify a resource name"))
			}
			if c := m.ContainerResource.Container; c == "" {
				errs = append(errs, field.Required(path.Child("container"), "must specify a container"))
			} else {
				errs = append(errs, kinds.Invalids(path.Child("container"), c, validation.IsDNS1123Label(c))...)
			}
			return append(errs, validateResourceTarget(&m.ContainerResource.Target, path.Child("target"))...)
		}},
	}
}

// validateMetric: exactly the source that the type names is there.
func validateMetric(m *autoscalingv2.MetricSpec, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	sources := metricSources(m)
	var names []string
	for _, s := range sources {
		names = append(names, string(s.kind))
	}
	slices.Sort(names)
	if m.Type == "" {
		errs = append(errs, field.Required(path.Child("type"), "must specify a metric source type"))
	}
	known := slices.Contains(names, string(m.Type))
	if !known {
		errs = append(errs, field.NotSupported(path.Child("type"), m.Type, names))
	}
	there, wanted := 0, ""
	for _, s := range sources {
		if s.there {
			if there++; there == 1 {
				errs = append(errs, s.check(path.Child(s.field))...)
			}
		}
		if s.kind == m.Type {
			wanted = s.field
			if !s.there {
				errs = append(errs, field.Required(path.Child(s.field), "must populate information for the given metric source"))
			}
		}
	}
	if !known {
		errs = append(errs, field.NotSupported(path.Child("type"), m.Type, names))
	}
	if there == 1 {
		return errs
	}
	slices.SortFunc(sources, func(a, b metricSource) int { return strings.Compare(a.field, b.field) })
	for _, s := range sources {
		if s.there && s.field != wanted {
			errs = append(errs, field.Forbidden(path.Child(s.field), "must populate the given metric source only"))
		}
	}
	return errs
}

// validateTarget checks a target that needs an average, or with byValue a value in its
// place.
func validateTarget(t *autoscalingv2.MetricTarget, path *field.Path, required string, byValue bool) field.ErrorList {
	errs := validateTargetValues(t, path)
	if t.AverageValue == nil && (t.Value == nil || !byValue) {
		errs = append(errs, field.Required(path.Child("averageValue"), required))
	}
	return errs
}

func validateResourceTarget(t *autoscalingv2.MetricTarget, path *field.Path) field.ErrorList {
	errs := validateTargetValues(t, path)
	switch raw, share := t.AverageValue != nil, t.AverageUtilization != nil; {
	case !raw && !share:
		errs = append(errs, field.Required(path.Child("averageUtilization"), "must set either a target raw value or a target utilization"))
	case raw && share:
		errs = append(errs, field.Forbidden(path.Child("averageValue"), "may not set both a target raw value and a target utilization"))
	}
	return errs
}

func validateTargetValues(t *autoscalingv2.MetricTarget, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if t.Type == "" {
		errs = append(errs, field.Required(path.Child("type"), "must specify a metric target type"))
	}
	switch t.Type {
	case autoscalingv2.UtilizationMetricType, autoscalingv2.ValueMetricType, autoscalingv2.AverageValueMetricType:
	default:
		errs = append(errs, field.Invalid(path.Child("type"), t.Type, "must be either Utilization, Value, or AverageValue"))
	}
	for _, v := range []struct {
		name  string
		value *resource.Quantity
	}{{"value", t.Value}, {"averageValue", t.AverageValue}} {
		if v.value != nil && v.value.Sign() != 1 {
			errs = append(errs, field.Invalid(path.Child(v.name), v.value, "must be positive"))
		}
	}
	if u := t.AverageUtilization; u != nil && *u < 1 {
		errs = append(errs, field.Invalid(path.Child("averageUtilization"), u, "must be greater than 0"))
	}
	return errs
}
