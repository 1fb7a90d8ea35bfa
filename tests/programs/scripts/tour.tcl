proc fib n {expr {$n < 2 ? $n : [fib [expr {$n - 1}]] + [fib [expr {$n - 2}]]}}
puts [fib 13]
set sums [dict create]
for {set i 0} {$i < 2000} {incr i} {dict incr sums k[expr {$i % 17}] $i}
puts [lsort -stride 2 $sums]
puts [expr {3 ** 200}]
puts [regsub -all {(\d)(\d)} 123456 {\2\1}]
catch {error boom} message
puts $message
coroutine counter apply {{} {yield; while 1 {yield [incr ::x]}}}
puts [counter][counter][counter]
puts [clock format 86400 -gmt 1 -format %Y-%m-%d]
set file [open out.txt w]
puts $file [string repeat "line\n" 3]
close $file
puts [binary encode hex [zlib compress [string repeat a 100]]]
exit [string length [gets stdin]]
