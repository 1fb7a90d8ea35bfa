/* The Sun and four planets under gravity: double precision arithmetic.   nbody STEPS */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct body {
    double x, y, z, vx, vy, vz, mass;
};

#define PI 3.141592653589793
#define SOLAR_MASS (4 * PI * PI)
#define YEAR 365.24
enum { BODIES = 5 };

static struct body bodies[BODIES] = {
    {0, 0, 0, 0, 0, 0, SOLAR_MASS},
    {4.84143144246472090, -1.16032004402742839, -0.103622044471123109, 0.00166007664274403694 * YEAR,
     0.00769901118419740425 * YEAR, -0.0000690460016972063023 * YEAR, 0.000954791938424326609 * SOLAR_MASS},
    {8.34336671824457987, 4.12479856412430479, -0.403523417114321381, -0.00276742510726411230 * YEAR,
     0.00499852801234917238 * YEAR, 0.0000230417297573763929 * YEAR, 0.000285885980666130812 * SOLAR_MASS},
    {12.8943695621391310, -15.1111514016986312, -0.223307578892655734, 0.00296460137564761618 * YEAR,
     0.00237847173959480950 * YEAR, -0.0000296589568540237556 * YEAR, 0.0000436624404335156298 * SOLAR_MASS},
    {15.3796971148509165, -25.9193146099879641, 0.179258772950371181, 0.00268067772490389322 * YEAR,
     0.00162824170038242295 * YEAR, -0.0000951592254519715870 * YEAR, 0.0000515138902046611451 * SOLAR_MASS},
};

static double energy(void)
{
    double sum = 0;
    for (int i = 0; i < BODIES; i++) {
        struct body *b = &bodies[i];
        sum += 0.5 * b->mass * (b->vx * b->vx + b->vy * b->vy + b->vz * b->vz);
        for (int k = i + 1; k < BODIES; k++) {
            struct body *c = &bodies[k];
            double dx = b->x - c->x, dy = b->y - c->y, dz = b->z - c->z;
            sum -= b->mass * c->mass / sqrt(dx * dx + dy * dy + dz * dz);
        }
    }
    return sum;
}

static void advance(double dt)
{
    for (int i = 0; i < BODIES; i++) {
        struct body *b = &bodies[i];
        for (int k = i + 1; k < BODIES; k++) {
            struct body *c = &bodies[k];
            double dx = b->x - c->x, dy = b->y - c->y, dz = b->z - c->z;
            double square = dx * dx + dy * dy + dz * dz;
            double force = dt / (square * sqrt(square));
            b->vx -= dx * c->mass * force;
            b->vy -= dy * c->mass * force;
            b->vz -= dz * c->mass * force;
            c->vx += dx * b->mass * force;
            c->vy += dy * b->mass * force;
            c->vz += dz * b->mass * force;
        }
    }
    for (int i = 0; i < BODIES; i++) {
        bodies[i].x += dt * bodies[i].vx;
        bodies[i].y += dt * bodies[i].vy;
        bodies[i].z += dt * bodies[i].vz;
    }
}

int main(int argc, char **argv)
{
    int steps = argc > 1 ? atoi(argv[1]) : 1;
    for (int i = 0; i < steps; i++)
        advance(0.01);
    printf("nbody %.7f\n", energy());
    return 0;
}
