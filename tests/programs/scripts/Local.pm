package Tour::Local; use strict; use Exporter 'import'; our @EXPORT_OK = qw(double); our $VERSION = '1.05'; sub double { 2 * shift } 1;
