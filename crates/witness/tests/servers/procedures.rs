//! Procedures and controllers: tRPC, NestJS.

use plimsoll_model::app::Reach;

use super::{pairs, reach};

#[test]
fn trpc_names_are_no_proof() {
    let files = [
        (
            "src/server/trpc.ts",
            r#"import { initTRPC, TRPCError } from "@trpc/server";
import { getServerSession } from "next-auth";
import { PrismaClient } from "@prisma/client";
const db = new PrismaClient();
export const createTRPCContext = async (opts) => {
  const session = await getServerSession();
  return { db, session, ...opts };
};
const t = initTRPC.context().create();
export const createTRPCRouter = t.router;
export const publicProcedure = t.procedure;
const mustBeSignedIn = t.middleware(({ ctx, next }) => {
  if (!ctx.session?.user) throw new TRPCError({ code: "UNAUTHORIZED" });
  return next({ ctx: { session: ctx.session } });
});
const mustBeAdmin = t.middleware(({ ctx, next }) => {
  if (ctx.session.user.role !== "admin") throw new TRPCError({ code: "FORBIDDEN" });
  return next();
});
export const realProcedure = t.procedure.use(mustBeSignedIn);
export const adminProcedure = realProcedure.use(mustBeAdmin);
export const protectedProcedure = t.procedure.use(({ next }) => next());"#,
        ),
        (
            "src/server/staff.ts",
            r#"import { z } from "zod";
import { createTRPCRouter, publicProcedure, protectedProcedure, realProcedure, adminProcedure } from "./trpc";
export const staffRouter = createTRPCRouter({
  open: publicProcedure.query(({ ctx }) => ctx.db.staff.findMany()),
  named: protectedProcedure.query(({ ctx }) => ctx.db.staff.findMany()),
  real: realProcedure.input(z.object({ id: z.string() })).query(({ ctx, input }) => ctx.db.staff.findUnique({ where: { id: input.id } })),
  remove: adminProcedure.input(z.string()).mutation(async ({ ctx, input }) => { await ctx.db.staff.delete({ where: { id: input } }); }),
  inside: publicProcedure.mutation(async ({ ctx }) => { if (!ctx.session) throw new Error("no"); await ctx.db.staff.deleteMany(); }),
});"#,
        ),
        (
            "src/server/root.ts",
            "import { createTRPCRouter } from './trpc';\nimport { staffRouter } from './staff';\nexport const appRouter = createTRPCRouter({ staff: staffRouter });",
        ),
    ];
    let expected = [
        ("staff.inside()", Reach::SignedIn),
        ("staff.named()", Reach::Anyone),
        ("staff.open()", Reach::Anyone),
        ("staff.real()", Reach::SignedIn),
        ("staff.remove()", Reach::Role),
    ];
    assert_eq!(reach(&files), pairs(&expected));
}

#[test]
fn nest_guards_are_run_with_what_the_route_says() {
    let files = [
        ("package.json", r#"{"dependencies":{"@nestjs/common":"10","@nestjs/core":"10"}}"#),
        (
            "src/auth/decorators.ts",
            r#"import { SetMetadata } from "@nestjs/common";
export const IS_PUBLIC = "isPublic";
export const ROLES = "roles";
export const Public = () => SetMetadata(IS_PUBLIC, true);
export const Roles = (...roles: string[]) => SetMetadata(ROLES, roles);"#,
        ),
        (
            "src/auth/jwt.guard.ts",
            r#"import { Injectable } from "@nestjs/common";
import { Reflector } from "@nestjs/core";
import { AuthGuard } from "@nestjs/passport";
import { IS_PUBLIC } from "./decorators";
@Injectable()
export class JwtAuthGuard extends AuthGuard("jwt") {
  constructor(private reflector: Reflector) { super(); }
  canActivate(context) {
    const open = this.reflector.getAllAndOverride<boolean>(IS_PUBLIC, [context.getHandler(), context.getClass()]);
    if (open) return true;
    return super.canActivate(context);
  }
}
@Injectable()
export class OptionalGuard extends AuthGuard("jwt") {
  handleRequest(err, user) { return user; }
}"#,
        ),
        (
            "src/auth/roles.guard.ts",
            r#"import { Reflector } from "@nestjs/core";
import { ROLES } from "./decorators";
export class RolesGuard {
  constructor(private reflector: Reflector) {}
  canActivate(context) {
    const wanted = this.reflector.getAllAndOverride(ROLES, [context.getHandler()]);
    if (!wanted) return true;
    const { user } = context.switchToHttp().getRequest();
    return wanted.some((role) => user.role === role);
  }
}
export class PassGuard { canActivate(context) { return true; } }"#,
        ),
        (
            "src/prisma.service.ts",
            "import { PrismaClient } from '@prisma/client';\nexport class PrismaService extends PrismaClient {}",
        ),
        (
            "src/staff.service.ts",
            r#"import { PrismaService } from "./prisma.service";
export class StaffService {
  constructor(private readonly prisma: PrismaService) {}
  all() { return this.prisma.staff.findMany(); }
  remove(id: string) { return this.prisma.staff.delete({ where: { id } }); }
}"#,
        ),
        (
            "src/staff.controller.ts",
            r#"import { Controller, Get, Delete, Param, UseGuards } from "@nestjs/common";
import { Public, Roles } from "./auth/decorators";
import { JwtAuthGuard, OptionalGuard } from "./auth/jwt.guard";
import { RolesGuard, PassGuard } from "./auth/roles.guard";
import { StaffService } from "./staff.service";
@Controller("staff")
@UseGuards(JwtAuthGuard)
export class StaffController {
  constructor(private readonly staff: StaffService) {}
  @Get() all() { return this.staff.all(); }
  @Get("open") @Public() open() { return this.staff.all(); }
  @Delete(":id") @Roles("admin") @UseGuards(RolesGuard) remove(@Param("id") id: string) { return this.staff.remove(id); }
}
@Controller("loose")
export class LooseController {
  constructor(private readonly staff: StaffService) {}
  @Get("none") none() { return this.staff.all(); }
  @Get("pass") @UseGuards(PassGuard) pass() { return this.staff.all(); }
  @Get("optional") @UseGuards(OptionalGuard) optional() { return this.staff.all(); }
}"#,
        ),
        (
            "src/main.ts",
            r#"import { NestFactory } from "@nestjs/core";
import { AppModule } from "./app.module";
async function bootstrap() { const app = await NestFactory.create(AppModule); app.setGlobalPrefix("api"); await app.listen(3000); }
bootstrap();"#,
        ),
    ];
    let expected = [
        ("GET /api/staff", Reach::SignedIn),
        ("GET /api/staff/open", Reach::Anyone),
        ("DELETE /api/staff/:id", Reach::Role),
        ("GET /api/loose/none", Reach::Anyone),
        ("GET /api/loose/pass", Reach::Anyone),
        ("GET /api/loose/optional", Reach::Anyone),
    ];
    assert_eq!(reach(&files), pairs(&expected));
    // With a guard for the whole app, everything but what is marked public is closed.
    let mut files = files.to_vec();
    files.push((
        "src/app.module.ts",
        "import { APP_GUARD } from '@nestjs/core';\nimport { JwtAuthGuard } from './auth/jwt.guard';\nexport const providers = [{ provide: APP_GUARD, useClass: JwtAuthGuard }];",
    ));
    let found = reach(&files);
    let open: Vec<&str> =
        found.iter().filter(|(_, reach)| *reach == Reach::Anyone).map(|(label, _)| label.as_str()).collect();
    assert_eq!(open, ["GET /api/staff/open"]);
}
