package custom

import (
	"sort"
	"time"

	schemaobjectmeta "k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// coerceMetadata makes metadata what an ObjectMeta can hold and returns the
// paths of what it cannot. That goes through the Go type, as in the real
// server; metadata that would come back as it went in, which is nearly all, is
// recognised first.
func coerceMetadata(u *unstructured.Unstructured) (unknown []string, err error) {
	if content, ok := u.Object["metadata"].(map[string]any); ok && isPlainMetadata(content) {
		return nil, nil
	}
	meta, found, unknown, err := schemaobjectmeta.GetObjectMetaWithOptions(u.Object, schemaobjectmeta.ObjectMetaOptions{ReturnUnknownFieldPaths: true})
	if err != nil {
		return nil, err
	}
	sort.Strings(unknown)
	if !found {
		return unknown, nil
	}
	return unknown, schemaobjectmeta.SetObjectMeta(u.Object, meta)
}

// isPlainMetadata tells whether metadata survives the way through the Go type
// unchanged. It may say no to some that does.
func isPlainMetadata(metadata map[string]any) bool {
	for key, value := range metadata {
		plain := false
		switch key {
		case "name", "generateName", "namespace", "uid", "resourceVersion":
			plain = isText(value)
		case "generation":
			n, ok := value.(int64)
			plain = ok && n != 0
		case "creationTimestamp":
			text, ok := value.(string)
			at, err := time.Parse(time.RFC3339, text)
			plain = ok && err == nil && !at.IsZero() && at.UTC().Format(time.RFC3339) == text
		case "labels", "annotations":
			plain = isTextMap(value)
		case "finalizers":
			plain = isTextList(value)
		case "ownerReferences":
			plain = areOwnerReferences(value)
		}
		if !plain {
			return false
		}
	}
	return true
}

func isText(value any) bool {
	text, ok := value.(string)
	return ok && text != ""
}

func isTextMap(value any) bool {
	content, ok := value.(map[string]any)
	for _, entry := range content {
		if _, isString := entry.(string); !isString {
			return false
		}
	}
	return ok && len(content) > 0
}

func isTextList(value any) bool {
	content, ok := value.([]any)
	for _, entry := range content {
		if _, isString := entry.(string); !isString {
			return false
		}
	}
	return ok && len(content) > 0
}

func areOwnerReferences(value any) bool {
	list, ok := value.([]any)
	for _, element := range list {
		ref, isMap := element.(map[string]any)
		if !isMap {
			return false
		}
		texts := 0
		for key, part := range ref {
			switch key {
			case "apiVersion", "kind", "name", "uid":
				if _, isString := part.(string); !isString {
					return false
				}
				texts++
			case "controller", "blockOwnerDeletion":
				if _, isBool := part.(bool); !isBool {
					return false
				}
			default:
				return false
			}
		}
		// What is missing would come back as an empty string.
		if texts != 4 {
			return false
		}
	}
	return ok && len(list) > 0
}

// hasNull tells whether there is a null anywhere in value.
func hasNull(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case []any:
		for _, element := range v {
			if hasNull(element) {
				return true
			}
		}
	case map[string]any:
		for _, element := range v {
			if hasNull(element) {
				return true
			}
		}
	}
	return false
}
