package workload

import (
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// What the kinds that make Pods from a template have in common.

// validateSelector checks a selector that must select something.
func validateSelector(selector *metav1.LabelSelector, owner string, path *field.Path) field.ErrorList {
	if selector == nil {
		return field.ErrorList{field.Required(path, "")}
	}
	errs := kinds.SortedErrors(metav1validation.ValidateLabelSelector(selector, metav1validation.LabelSelectorValidationOptions{}, path))
	if len(selector.MatchLabels)+len(selector.MatchExpressions) == 0 {
		errs = append(errs, field.Invalid(path, selector, fmt.Sprintf("empty selector is invalid for %s", owner)))
	}
	return errs
}

// validateTemplate checks a template whose Pods selector must select. owner is
// the kind, for Pods that are to run for ever; empty: any restart policy will do.
func validateTemplate(template *corev1.PodTemplateSpec, selector *metav1.LabelSelector, owner string, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if s, err := metav1.LabelSelectorAsSelector(selector); err != nil {
		errs = append(errs, field.Invalid(path.Root().Child("selector"), selector, "invalid label selector"))
	} else if !s.Empty() && !s.Matches(labels.Set(template.Labels)) {
		errs = append(errs, field.Invalid(path.Child("metadata", "labels"), template.Labels, "`selector` does not match template `labels`"))
	}
	errs = append(errs, kinds.SortedErrors(metav1validation.ValidateLabels(template.Labels, path.Child("labels")))...)
	errs = append(errs, validatePodSpec(&template.Spec, path.Child("spec"))...)
	if owner == "" {
		return errs
	}
	if policy := template.Spec.RestartPolicy; policy != corev1.RestartPolicyAlways {
		errs = append(errs, field.NotSupported(path.Child("spec", "restartPolicy"), policy, []corev1.RestartPolicy{corev1.RestartPolicyAlways}))
	}
	if template.Spec.ActiveDeadlineSeconds != nil {
		errs = append(errs, field.Forbidden(path.Child("spec", "activeDeadlineSeconds"), fmt.Sprintf("activeDeadlineSeconds in %s is not Supported", owner)))
	}
	return errs
}

// validateIntOrPercent accepts 0, 3 and 25%; not -1 or 2.5.
func validateIntOrPercent(value *intstr.IntOrString, path *field.Path) field.ErrorList {
	if value == nil {
		return nil
	}
	if value.Type == intstr.String {
		return kinds.Invalids(path, value, utilvalidation.IsValidPercent(value.StrVal))
	}
	return kinds.NonNegative(path, int64(value.IntVal))
}

// atMost100Percent accepts every number and percentages up to 100%.
func atMost100Percent(value *intstr.IntOrString, path *field.Path) field.ErrorList {
	if value == nil || value.Type != intstr.String || len(utilvalidation.IsValidPercent(value.StrVal)) > 0 {
		return nil
	}
	if percent, err := strconv.Atoi(strings.TrimSuffix(value.StrVal, "%")); err != nil || percent <= 100 {
		return nil
	}
	return field.ErrorList{field.Invalid(path, value, "must not be greater than 100%")}
}

func isZero(value *intstr.IntOrString) bool {
	if value == nil {
		return true
	}
	if value.Type == intstr.Int {
		return value.IntVal == 0
	}
	return strings.TrimLeft(strings.TrimSuffix(value.StrVal, "%"), "0") == ""
}

// counts are numbers of a status by their field names, the total first: none
// may be negative and none larger than the total.
type counts []struct {
	name  string
	value int32
}

func (c counts) validate(path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, n := range c {
		errs = append(errs, kinds.NonNegative(path.Child(n.name), int64(n.value))...)
	}
	for _, n := range c[1:] {
		if n.value > c[0].value {
			errs = append(errs, field.Invalid(path.Child(n.name), n.value, "cannot be greater than status.replicas"))
		}
	}
	return errs
}

// decremented reports a collision count that went down.
func decremented(count, old *int32) field.ErrorList {
	path := field.NewPath("status", "collisionCount")
	switch {
	case old == nil:
		return nil
	case count == nil:
		return field.ErrorList{field.Invalid(path, int32(0), "cannot be decremented")}
	case *count < *old:
		return field.ErrorList{field.Invalid(path, *count, "cannot be decremented")}
	}
	return nil
}

// nameWarnings is about names that are fine for the object but not for what is
// made of them.
func nameWarnings(name, use string) []string {
	messages := utilvalidation.IsDNS1123Label(name)
	if len(messages) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("metadata.name: this is used in %s, which can result in surprising behavior; a DNS label is recommended: %v", use, messages)}
}

// containerCells lists the names and images of a template's containers.
func containerCells(containers []corev1.Container) (names, images string) {
	var n, i []string
	for _, c := range containers {
		n, i = append(n, c.Name), append(i, c.Image)
	}
	return strings.Join(n, ","), strings.Join(i, ",")
}

func containerColumns() []metav1.TableColumnDefinition {
	return []metav1.TableColumnDefinition{
		{Name: "Containers", Type: "string", Priority: 1, Description: "Names of each container in the template."},
		{Name: "Images", Type: "string", Priority: 1, Description: "Images referenced by each container in the template."},
	}
}

// templateWarnings are what is said of pods that are taken and not what they seem.
func templateWarnings(template *corev1.PodTemplateSpec, path *field.Path) []string {
	if template == nil { // of a ReplicationController that is refused for that
		return nil
	}
	if grace := template.Spec.TerminationGracePeriodSeconds; grace != nil && *grace < 0 {
		return []string{path.Child("spec", "terminationGracePeriodSeconds").String() + ": must be >= 0; negative values are invalid and will be treated as 1"}
	}
	return nil
}

// warnOfTemplate lets the rules of a kind say what there is to say of its pod template:
// when an object is created, and again when its generation has moved.
func warnOfTemplate[T interface {
	runtime.Object
	metav1.Object
}](rules *kinds.Rules[T], template func(T) *corev1.PodTemplateSpec, path *field.Path) *kinds.Rules[T] {
	own := rules.WarnCreate
	rules.WarnCreate = func(obj T) []string {
		said := templateWarnings(template(obj), path)
		if own != nil {
			said = append(own(obj), said...)
		}
		return said
	}
	rules.WarnUpdate = func(obj, old T) []string {
		if obj.GetGeneration() == old.GetGeneration() {
			return nil
		}
		return templateWarnings(template(obj), path)
	}
	return rules
}

var templatePath = field.NewPath("spec", "template")
