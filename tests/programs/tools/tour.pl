# Processes, pipes and signals of Perl.
$| = 1;
pipe(R, W);
if (!($pid = fork)) { print W "child\n"; exit 3 }
close W; print scalar <R>; waitpid $pid, 0; print $? >> 8, "\n", `echo sub`;
open(P, "-|", "seq 3"); print <P>; close P;
open(P, "| sort -r"); print P "a\nb\n"; close P;
eval { local $SIG{ALRM} = sub { die "alarm\n" }; alarm 1; select undef, undef, undef, 30 }; print $@;
system "exit 4;"; print $? >> 8, "\n"; system "kill -9 \$\$"; print $? & 127, "\n";
my @pids = map { my $n = $_; fork || exit $n } 1 .. 4; my $sum = 0;
while ((my $done = wait) > 0) { $sum += $? >> 8 } print "$sum\n";
open(my $in, "-|") || do { print "forked open\n"; exit }; print <$in>;
