package custom

import (
	"strings"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// Establish returns crd as the real server's controllers would leave it, with
// its names accepted and conditions NamesAccepted and Established, or false if
// it is that already. Names that another served definition of the same group
// bears are refused: the kind must then not be served.
func Establish(crd *apiextensionsv1.CustomResourceDefinition, served []*kinds.Kind, now time.Time) (*apiextensionsv1.CustomResourceDefinition, bool) {
	if apiequality.Semantic.DeepEqual(crd.Spec.Names, crd.Status.AcceptedNames) && conditionTrue(crd, apiextensionsv1.Established) {
		return crd, false
	}
	resources, kindNames := namesTaken(crd, served)
	established := crd.DeepCopy()
	reason, message := acceptNames(established, resources, kindNames)
	accepted := apiextensionsv1.CustomResourceDefinitionCondition{
		Type: apiextensionsv1.NamesAccepted, Status: apiextensionsv1.ConditionTrue, Reason: reason, Message: message,
	}
	inUse := apiextensionsv1.CustomResourceDefinitionCondition{
		Type: apiextensionsv1.Established, Status: apiextensionsv1.ConditionTrue,
		Reason: "InitialNamesAccepted", Message: "the initial names have been accepted",
	}
	if reason != "NoConflicts" {
		accepted.Status = apiextensionsv1.ConditionFalse
		inUse.Status, inUse.Reason, inUse.Message = apiextensionsv1.ConditionFalse, "NotAccepted", "not all names are accepted"
	}
	setCRDCondition(established, accepted, now)
	// Once established, a definition stays so.
	if !conditionTrue(crd, apiextensionsv1.Established) {
		setCRDCondition(established, inUse, now)
	}
	return established, !apiequality.Semantic.DeepEqual(crd.Status, established.Status)
}

// namesTaken lists the resource names and the kind names that other served
// definitions of crd's group bear.
func namesTaken(crd *apiextensionsv1.CustomResourceDefinition, served []*kinds.Kind) (resources, kindNames map[string]bool) {
	resources, kindNames = map[string]bool{}, map[string]bool{}
	for _, kind := range served {
		if !kind.Custom || kind.Resource.Group != crd.Spec.Group || kind.Resource.Resource == crd.Spec.Names.Plural {
			continue
		}
		for _, name := range append([]string{kind.Resource.Resource, kind.Singular}, kind.ShortNames...) {
			resources[name] = true
		}
		kindNames[kind.Kind], kindNames[kind.ListKind] = true, true
	}
	return resources, kindNames
}

// acceptNames moves the names that are free to status.acceptedNames and
// returns the reason and message of the condition. The last conflict wins, as
// in the real controller; names held already are never lost.
func acceptNames(crd *apiextensionsv1.CustomResourceDefinition, resources, kindNames map[string]bool) (reason, message string) {
	reason, message = "NoConflicts", "no conflicts found"
	asked, held := crd.Spec.Names, &crd.Status.AcceptedNames
	claim := func(name string, accepted *string, taken map[string]bool, conflict string) {
		if name != *accepted && taken[name] {
			reason, message = conflict, `"`+name+`" is already in use`
			return
		}
		*accepted = name
	}
	claim(asked.Plural, &held.Plural, resources, "PluralConflict")
	claim(asked.Singular, &held.Singular, resources, "SingularConflict")
	var conflicts []string
	for _, name := range asked.ShortNames {
		if resources[name] {
			conflicts = append(conflicts, `"`+name+`" is already in use`)
		}
	}
	switch len(conflicts) {
	case 0:
		held.ShortNames = asked.ShortNames
	case 1:
		reason, message = "ShortNamesConflict", conflicts[0]
	default:
		reason, message = "ShortNamesConflict", "["+strings.Join(conflicts, ", ")+"]"
	}
	claim(asked.Kind, &held.Kind, kindNames, "KindConflict")
	claim(asked.ListKind, &held.ListKind, kindNames, "ListKindConflict")
	held.Categories = asked.Categories
	return reason, message
}

func conditionTrue(crd *apiextensionsv1.CustomResourceDefinition, kind apiextensionsv1.CustomResourceDefinitionConditionType) bool {
	for _, condition := range crd.Status.Conditions {
		if condition.Type == kind {
			return condition.Status == apiextensionsv1.ConditionTrue
		}
	}
	return false
}

func setCRDCondition(crd *apiextensionsv1.CustomResourceDefinition, condition apiextensionsv1.CustomResourceDefinitionCondition, now time.Time) {
	condition.LastTransitionTime = metav1.NewTime(now)
	for i, before := range crd.Status.Conditions {
		if before.Type != condition.Type {
			continue
		}
		if before.Status == condition.Status {
			condition.LastTransitionTime = before.LastTransitionTime
		}
		crd.Status.Conditions[i] = condition
		return
	}
	crd.Status.Conditions = append(crd.Status.Conditions, condition)
}
