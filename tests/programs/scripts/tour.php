<?php
function fib($n) { return $n < 2 ? $n : fib($n - 1) + fib($n - 2); }

class Walk implements IteratorAggregate
{
    function getIterator(): Iterator { yield 1; yield from [2, 3]; }
}

echo fib(15), "\n";
$sums = [];
for ($i = 0; $i < 5000; $i++)
    $sums["k" . ($i % 97)] = ($sums["k" . ($i % 97)] ?? 0) + $i;
ksort($sums);
echo md5(json_encode($sums)), " ", crc32(serialize($sums)), "\n";
echo preg_replace_callback('/(\w)(\d+)/', fn($m) => strtoupper($m[1]) . ($m[2] * 2), implode(",", array_keys($sums))), "\n";
try {
    intdiv(1, 0);
} catch (DivisionByZeroError $error) {
    echo get_class($error), ": ", $error->getMessage(), "\n";
}
foreach (new Walk as $step)
    echo $step;
echo "\n";
printf("%.15e %s %05.1f %x\n", M_PI ** 10, sqrt(2), 3.14159, PHP_INT_MAX);
var_dump(unserialize(serialize($sums)) === $sums, "10" == "1e1", 7 <=> 3, [1, [2.5, null]]);
echo hash('sha256', str_repeat('x', 20000)), " ", strrev(trim(fgets(STDIN))), "\n";
exit(3);
