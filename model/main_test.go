package model_test

import (
	"os"
	"slices"
	"testing"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/model/internal/modeltest"
)

func everyProperty() []model.Property {
	return slices.Concat(model.Generic(), model.Remains(), []model.Property{model.LikeBaseline(model.BaselineOptions{})}, model.WatchGuarantees())
}

func TestMain(m *testing.M) { os.Exit(modeltest.Main(m, everyProperty(), "users-performed")) }

func generic(t *testing.T, name string) model.Property {
	return modeltest.ByName(t, model.Generic(), name)
}
