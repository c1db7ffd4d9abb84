module github.com/seatrial/seatrial/differential

go 1.26.0

require (
	github.com/seatrial/seatrial v0.0.0
	github.com/stretchr/testify v1.12.1
	golang.org/x/exp v0.0.0-20261014143641-f0251eb4aa3e
)

replace github.com/seatrial/seatrial => ../
