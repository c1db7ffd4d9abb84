module example.com/badcgo

go 1.24
